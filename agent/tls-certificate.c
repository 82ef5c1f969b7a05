// SPDX-License-Identifier: GPL-2.0-or-later
// What is wrong with a server's certificate, beyond what the library finds.
#include "agent/tls-certificate.h"

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/asn.h>

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define ASN_UTC_TIME	     23
#define ASN_GENERALIZED_TIME 24

static bool __attribute__((format(printf, 2, 3))) refuse(struct tls_verdict *verdict, const char *format, ...)
{
	va_list arguments;

	if (*verdict->reason)
		return false;
	va_start(arguments, format);
	vsnprintf(verdict->reason, sizeof(verdict->reason), format, arguments);
	va_end(arguments);
	for (char *c = verdict->reason; *c; c++) {
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	}
	return false;
}

int64_t tls_certificate_time(const unsigned char *asn, size_t length)
{
	struct tm date = {0};
	int numbers[6], century = -1;
	size_t digits, at = 2;

	if (length < 2 || (asn[0] != ASN_UTC_TIME && asn[0] != ASN_GENERALIZED_TIME))
		return -1;
	digits = asn[0] == ASN_UTC_TIME ? 12 : 14;
	if (asn[1] != digits + 1 || length < digits + 3 || asn[digits + 2] != 'Z')
		return -1;
	for (size_t i = 0; i < digits; i++) {
		if (asn[2 + i] < '0' || asn[2 + i] > '9')
			return -1;
	}
	if (asn[0] == ASN_GENERALIZED_TIME) {
		century = (asn[2] - '0') * 10 + asn[3] - '0';
		at = 4;
	}
	for (size_t i = 0; i < 6; i++)
		numbers[i] = (asn[at + 2 * i] - '0') * 10 + asn[at + 2 * i + 1] - '0';
	if (century < 0)
		century = numbers[0] < 50 ? 20 : 19;
	date.tm_year = century * 100 + numbers[0] - 1900;
	date.tm_mon = numbers[1] - 1;
	date.tm_mday = numbers[2];
	date.tm_hour = numbers[3];
	date.tm_min = numbers[4];
	date.tm_sec = numbers[5];
	return timegm(&date);
}

// The day of a date, or "?".
static const char *day(char text[16], const unsigned char *asn, int length)
{
	time_t seconds = asn && length > 0 ? tls_certificate_time(asn, (size_t)length) : -1;
	struct tm date;

	if (seconds < 0 || !gmtime_r(&seconds, &date) || !strftime(text, 16, "%Y-%m-%d", &date))
		snprintf(text, 16, "?");
	return text;
}

// The names that a certificate is for, as far as they fit.
static void list_names(const DecodedCert *certificate, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (const DNS_entry *name = certificate->altNames; name; name = name->next) {
		char address[INET6_ADDRSTRLEN];
		const char *shown = name->name;
		int length = name->len, written;

		if (name->type == ASN_IP_TYPE) {
			if ((length != 4 && length != 16) ||
			    !inet_ntop(length == 4 ? AF_INET : AF_INET6, name->name, address, sizeof(address)))
				continue;
			shown = address;
			length = (int)strlen(address);
		} else if (name->type != ASN_DNS_TYPE) {
			continue;
		}
		written = snprintf(text + used, size - used, "%s%.*s", used ? ", " : "", length, shown);
		if (written < 0 || (size_t)written >= size - used)
			return;
		used += (size_t)written;
	}
	if (!certificate->extSubjAltNameSet && certificate->subjectCN)
		snprintf(text, size, "%.*s", certificate->subjectCNLen, certificate->subjectCN);
}

static bool is_for_host(const struct tls_host *host, const DecodedCert *certificate)
{
	for (const DNS_entry *name = certificate->altNames; name; name = name->next) {
		if (name->len <= 0)
			continue;
		if (name->type == ASN_DNS_TYPE && tls_host_is_name(host, name->name, (size_t)name->len))
			return true;
		if (name->type == ASN_IP_TYPE && tls_host_is_address(host, name->name, (size_t)name->len))
			return true;
	}
	return !certificate->extSubjAltNameSet && certificate->subjectCN && certificate->subjectCNLen > 0 &&
	       tls_host_is_name(host, certificate->subjectCN, (size_t)certificate->subjectCNLen);
}

static bool has_weak_signature(const DecodedCert *certificate)
{
	switch (certificate->signatureOID) {
	case CTC_MD2wRSA:
	case CTC_MD5wRSA:
	case CTC_SHAwRSA:
	case CTC_SHAwDSA:
	case CTC_SHAwECDSA:
		return true;
	}
	return false;
}

// The library's codes that have words of their own. `which` is the certificate.
static bool refuse_error(struct tls_verdict *verdict, const char *which, int error, const DecodedCert *certificate)
{
	char date[16];

	switch (error) {
	case ASN_AFTER_DATE_E:
		return refuse(verdict, "%s expired on %s", which,
			      day(date, certificate->afterDate, certificate->afterDateLen));
	case ASN_BEFORE_DATE_E:
		return refuse(verdict, "%s is not valid before %s", which,
			      day(date, certificate->beforeDate, certificate->beforeDateLen));
	case ASN_NO_SIGNER_E:
		return refuse(
			verdict,
			"%s is from \"%.80s\", which is no authority of [tls] ca_file, and no certificate between "
			"them was sent",
			which, certificate->issuer[0] ? certificate->issuer : "?");
	case ASN_SELF_SIGNED_E:
		return refuse(verdict, "%s is self-signed and not in [tls] ca_file", which);
	case CRL_CERT_REVOKED:
		return refuse(verdict, "%s is revoked", which);
	case CRL_MISSING:
		return refuse(verdict, "%s: [tls] crl_file has no revocation list of its issuer \"%.80s\"", which,
			      certificate->issuer);
	case CRL_CERT_DATE_ERR:
		return refuse(verdict, "%s: the revocation list of its issuer in [tls] crl_file is out of date", which);
	case RSA_KEY_SIZE_E:
		return refuse(verdict, "%s has an RSA key of less than %d bits", which, TLS_RSA_BITS_MIN);
	case ECC_KEY_SIZE_E:
		return refuse(verdict, "%s has an ECC key of less than %d bits", which, TLS_ECC_BITS_MIN);
	case ASN_SIG_CONFIRM_E:
		return refuse(verdict, "%s has a signature that is not its issuer's", which);
	case EXTKEYUSE_AUTH_E:
		return refuse(verdict, "%s is not for servers (its extended key usage)", which);
	case ASN_NAME_INVALID_E:
		return refuse(verdict, "%s has a name that its issuer may not give (name constraints)", which);
	}
	return refuse(verdict, "%s is refused: %s (%d)", which, wolfSSL_ERR_reason_error_string((unsigned long)error),
		      error);
}

static bool excused(struct tls_verdict *verdict, int error)
{
	if (error != ASN_AFTER_DATE_E && error != ASN_BEFORE_DATE_E && error != CRL_CERT_DATE_ERR)
		return false;
	if (verdict->dates_count)
		return false;
	verdict->dates_excused = true;
	return true;
}

static bool judge(struct tls_verdict *verdict, int depth, int error, const DecodedCert *certificate)
{
	const char *which = depth == 0 ? "the certificate" : "a certificate of its authorities";
	char names[100];

	if (error != 0 && !excused(verdict, error))
		return refuse_error(verdict, which, error, certificate);
	// What a root says of itself proves nothing, and needs no proof.
	if (!certificate->selfSigned && has_weak_signature(certificate))
		return refuse(verdict, "%s has a weak signature (MD5 or SHA-1)", which);
	if (depth != 0)
		return true;
	if (certificate->afterDateLen > 0)
		verdict->expires = tls_certificate_time(certificate->afterDate, (size_t)certificate->afterDateLen);
	if (is_for_host(&verdict->host, certificate))
		return true;
	list_names(certificate, names, sizeof(names));
	return refuse(verdict, "the certificate is for %s, not for this host", *names ? names : "no host");
}

// In a verify callback the library gives some of its errors as OpenSSL's.
static int own_code(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
		return ASN_BEFORE_DATE_E;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
		return ASN_AFTER_DATE_E;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
		return ASN_NO_SIGNER_E;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return ASN_SELF_SIGNED_E;
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return ASN_SIG_CONFIRM_E;
	case X509_V_ERR_PATH_LENGTH_EXCEEDED:
		return ASN_PATHLEN_INV_E;
	case X509_V_ERR_INVALID_CA:
		return ASN_NO_SIGNER_E;
	}
	return error;
}

bool tls_certificate_judge(struct tls_verdict *verdict, int depth, int error, const unsigned char *der, size_t length)
{
	DecodedCert certificate;
	bool accepted;

	wc_InitDecodedCert(&certificate, der, (word32)length, NULL);
	if (wc_ParseCert(&certificate, CERT_TYPE, NO_VERIFY, NULL) == 0)
		accepted = judge(verdict, depth, own_code(error), &certificate);
	else
		accepted = refuse(verdict, "a certificate cannot be read: %s", wc_GetErrorString(error));
	wc_FreeDecodedCert(&certificate);
	return accepted;
}
