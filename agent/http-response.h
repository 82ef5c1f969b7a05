// SPDX-License-Identifier: GPL-2.0-or-later
// What a response says to the HTTP client: its headers and body while they come, and what follows from all of it.
#pragma once

#include "agent/http-client.h"

// The events of a client's parser: they note in the client what headers say, and hand the body on.
extern const struct http_parser_events http_response_events;

// Judges a response that is complete. Returns 0 when it is good; 1 when the message is to be sent again, perhaps to
// another server, whose connection is then still to be made; or -errno, with the client's failure noted.
int http_response_judge(struct http_client *client);

// Whether the response's status is that of a redirect that is followed.
bool http_response_redirects(const struct http_client *client);
