/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the references of "send" have in common: the finished bytes, and a connection to the peer that asks for them. */
#pragma once

#include <stddef.h>

/** Reads a file whole, to be freed by the caller; sets its size in bytes. Ends the process on an error. */
char *finished_read(const char *path, size_t *size);

/** Connects to a port of this machine; returns the socket. Ends the process on an error. */
int finished_connect(const char *port);
