// SPDX-License-Identifier: GPL-2.0-or-later
// Connection requests by UDP: signature, order, copies (R-109, R-110; T118).
#include "agent/udp-request.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#define USER	 "CPE57689"
#define PASSWORD "secret"
#define SECOND	 1000000000ll

// The vector of R-109, byte for byte.
#define VECTOR                                                                                                         \
	"GET http://10.1.1.1:8080?ts=1120673700&id=1234&un=CPE57689&cn=XTGRWIPC6D3IPXS3&"                              \
	"sig=fda44088e52a347ce49d6312521d5621eeb40037 HTTP/1.1\r\n\r\n"

static enum udp_request_verdict check(struct udp_request *state, const char *text)
{
	return udp_request_check(state, text, strlen(text), USER, PASSWORD, SECOND);
}

static enum udp_request_verdict ask(struct udp_request *state, unsigned ts, unsigned id, const char *password)
{
	struct reach_request request = {.un = USER, .cn = "x"};
	char text[512];

	snprintf(request.ts, sizeof(request.ts), "%u", ts);
	snprintf(request.id, sizeof(request.id), "%u", id);
	cr_assert_eq(udp_request_sign(&request, password, request.sig), 0);
	snprintf(text, sizeof(text), "GET http://a?ts=%u&id=%u&un=%s&cn=x&sig=%s HTTP/1.1\r\n\r\n", ts, id, USER,
		 request.sig);
	return check(state, text);
}

Test(udp_request, R109_vector)
{
	struct udp_request state = {.burst = 30, .interval_ms = 2000};

	cr_expect_eq(check(&state, VECTOR), UDP_REQUEST_GRANTED);
	cr_expect_eq(check(&state, VECTOR), UDP_REQUEST_REPEATED);
	cr_expect_eq(check(&state, VECTOR), UDP_REQUEST_REPEATED);
	cr_expect_eq(state.counts[UDP_REQUEST_GRANTED], 1);
	cr_expect_eq(state.counts[UDP_REQUEST_REPEATED], 2);
}

Test(udp_request, R109_every_digit_of_the_signature_counts)
{
	size_t at = (size_t)(strstr(VECTOR, "sig=") + 4 - VECTOR);
	struct udp_request state = {.burst = 30, .interval_ms = 2000};

	for (size_t i = at; i < at + REACH_SIGNATURE_DIGITS; i++) {
		char text[] = VECTOR;

		text[i] = text[i] == '0' ? '1' : '0';
		cr_expect_eq(check(&state, text), UDP_REQUEST_WRONG_SIGNATURE);
	}
	cr_expect_eq(check(&state, VECTOR), UDP_REQUEST_GRANTED);
}

Test(udp_request, T118_order)
{
	struct udp_request state = {.burst = 30, .interval_ms = 2000};

	cr_expect_eq(ask(&state, 100, 1, PASSWORD), UDP_REQUEST_GRANTED);
	cr_expect_eq(ask(&state, 99, 2, PASSWORD), UDP_REQUEST_OLD);
	cr_expect_eq(ask(&state, 200, 3, "wrong"), UDP_REQUEST_WRONG_SIGNATURE);
	cr_expect_eq(ask(&state, 100, 4, PASSWORD), UDP_REQUEST_GRANTED);
	cr_expect_eq(ask(&state, 101, 4, PASSWORD), UDP_REQUEST_REPEATED);
	cr_expect_eq(ask(&state, 101, 5, PASSWORD), UDP_REQUEST_GRANTED);
}

Test(udp_request, refused_ones_leave_no_trace)
{
	struct udp_request state = {.burst = 30, .interval_ms = 2000};

	cr_expect_eq(ask(&state, UINT32_MAX, 9, "wrong"), UDP_REQUEST_WRONG_SIGNATURE);
	cr_expect_eq(ask(&state, 1, 9, PASSWORD), UDP_REQUEST_GRANTED);
}

Test(udp_request, without_credentials_nothing_is_granted)
{
	struct udp_request state = {.burst = 30, .interval_ms = 2000};

	cr_expect_eq(udp_request_check(&state, VECTOR, strlen(VECTOR), "", "", SECOND), UDP_REQUEST_WRONG_USER);
	cr_expect_eq(udp_request_check(&state, VECTOR, strlen(VECTOR), USER, "", SECOND), UDP_REQUEST_WRONG_USER);
	cr_expect_eq(udp_request_check(&state, VECTOR, strlen(VECTOR), "CPE5768", PASSWORD, SECOND),
		     UDP_REQUEST_WRONG_USER);
}

Test(udp_request, the_state_outlives_the_process)
{
	struct udp_request state = {.burst = 30, .interval_ms = 2000}, next = state;
	char text[UDP_REQUEST_STATE_SIZE];

	cr_expect_eq(ask(&state, 100, 1, PASSWORD), UDP_REQUEST_GRANTED);
	udp_request_state(&state, text);
	udp_request_load(&next, text);
	cr_expect_eq(ask(&next, 100, 1, PASSWORD), UDP_REQUEST_REPEATED);
	cr_expect_eq(ask(&next, 99, 2, PASSWORD), UDP_REQUEST_OLD);
	udp_request_forget(&next);
	cr_expect_eq(ask(&next, 99, 2, PASSWORD), UDP_REQUEST_GRANTED);
	udp_request_load(&(struct udp_request){0}, "");
}

Test(udp_request, too_many_good_ones)
{
	struct udp_request state = {.burst = 30, .interval_ms = 2000};
	unsigned granted = 0;

	for (unsigned i = 1; i <= 100; i++)
		granted += ask(&state, i, i, PASSWORD) == UDP_REQUEST_GRANTED;
	cr_expect_eq(granted, 30);
	cr_expect_eq(state.counts[UDP_REQUEST_LIMITED], 70);
}
