/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent's bounds on everything that comes from outside: each length, count and depth has its name here. */
#pragma once

#include <stddef.h>

/*
 * Incoming SOAP messages (agent/soap-decode.c). R-28 asks for at least 32,768 bytes; a SetParameterValues of
 * 10,000 parameters takes about 2 MB. What is larger than these bounds ends the session (-EMSGSIZE) or is
 * answered with a CWMP fault, as the comment says.
 */
#define SOAP_MESSAGE_SIZE_MAXIMUM    ((size_t)4 * 1024 * 1024)	/* bytes of a message: ends the session */
#define SOAP_PIECE_SIZE		     ((size_t)4096)		/* bytes handed to the XML parser at once */
#define SOAP_MARKUP_SIZE_MAXIMUM     ((size_t)32 * 1024)	/* bytes of one tag or comment: ends the session */
#define SOAP_DEPTH_MAXIMUM	     32				/* nested elements: ends the session */
#define SOAP_ATTRIBUTES_MAXIMUM	     32				/* attributes of one element: ends the session */
#define SOAP_NAMESPACES_MAXIMUM	     64				/* namespaces in scope at once: ends the session */
#define SOAP_DICTIONARY_SIZE_MAXIMUM ((size_t)128 * 1024)	/* bytes of distinct XML names: ends the session */
#define SOAP_HEADER_ID_CHARACTERS    256			/* header ID; TR-069 says 32: ends the session */
#define SOAP_HEADER_TEXT_CHARACTERS  256			/* other header entries: ends the session */
#define SOAP_METHOD_NAME_SIZE	     ((size_t)128)		/* bytes kept of an unknown name; the rest is cut off */
#define SOAP_NUMBER_SIZE_MAXIMUM     ((size_t)256)		/* bytes of a number or boolean: fault 9003 */
#define SOAP_TEXT_SIZE_MAXIMUM	     ((size_t)1024 * 1024)	/* bytes of any other text: fault 9003 */
#define SOAP_ARRAY_COUNT_MAXIMUM     ((size_t)65536)		/* elements of one array: fault 9004 */
#define SOAP_ARGUMENTS_MAXIMUM	     32				/* arguments of one method or struct: our own tables */
#define SOAP_FAULT_TEXT_SIZE	     ((size_t)256)		/* bytes of the text of a fault, with its NUL */
#define SOAP_ARENA_CHUNK_SIZE	     ((size_t)16 * 1024)	/* bytes of the smallest chunk of decoded data */
#define SOAP_ARENA_RETAINED_SIZE     ((size_t)128 * 1024)	/* bytes kept from one message to the next */
#define SOAP_ARENA_SIZE_MAXIMUM	     ((size_t)16 * 1024 * 1024) /* bytes of decoded data: fault 9004 */

/* Arguments of the methods, in characters (TR-069, the schemas cwmp-1-0 to cwmp-1-4). */
#define CWMP_PATH_CHARACTERS	       256 /* a parameter's or object's path */
#define CWMP_SET_NAME_CHARACTERS       1024 /* Name in SetParameterValues: longer than a path, to be named in the fault */
#define CWMP_PARAMETER_KEY_CHARACTERS  32
#define CWMP_COMMAND_KEY_CHARACTERS    32
#define CWMP_ACCESS_LIST_CHARACTERS    64   /* an entity of an AccessList */
#define CWMP_ACCESS_LIST_COUNT_MAXIMUM 256  /* entities of an AccessList */
#define CWMP_URL_CHARACTERS	       1024 /* NextURL of KickedResponse, URL of a deployment unit */
#define CWMP_TEXT_CHARACTERS	       256  /* names, passwords, references, URLs of transfers */
#define CWMP_VERSION_CHARACTERS	       32   /* of a deployment unit */
#define CWMP_DU_OPERATIONS_MAXIMUM     32   /* of one ChangeDUState: more are fault 9004 */
#define CWMP_FILE_TYPE_CHARACTERS      64
#define CWMP_WINDOW_MODE_CHARACTERS    64
#define CWMP_VENDOR_ARGUMENTS_MAXIMUM  512 /* of a vendor's method: more are fault 9004 */
#define CWMP_METHOD_NAME_CHARACTERS    64  /* an entry of MethodList */
#define CWMP_METHODS_MAXIMUM	       256 /* methods that an ACS lists: more end the session */
