// SPDX-License-Identifier: GPL-2.0-or-later
// What all TLS connections share: authorities, own certificate and key, ciphers, and sessions to resume.
#include "agent/tls.h"

#include "agent/tls-certificate.h"
#include "agent/tls-cipher.h"
#include "agent/tls-stream.h"
#include "shm/log.h"

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIGNATURES                                                                                                     \
	"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:"   \
	"RSA+SHA512"
#define CRL_BEGIN    "-----BEGIN X509 CRL-----"
#define KEY_DER_SIZE 512 // bytes: the longest key on an elliptic curve is shorter, RSA keys need not fit

struct file {
	char *data;
	size_t size;
};

static int __attribute__((format(printf, 3, 4)))
fail(char message[TLS_MESSAGE_SIZE], int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, TLS_MESSAGE_SIZE, format, arguments);
	va_end(arguments);
	return error;
}

static int fail_library(char message[TLS_MESSAGE_SIZE], const char *key, const char *path, int code)
{
	return fail(message, -EINVAL, "[tls] %s %s: %s", key, path,
		    wolfSSL_ERR_reason_error_string((unsigned long)code));
}

static void forget(struct file *file)
{
	if (file->data)
		explicit_bzero(file->data, file->size);
	free(file->data);
}

// Reads a file whole. `secret`: warns when others than its owner may read it.
static int read_file(struct file *file, const char *key, const char *path, bool secret, char message[TLS_MESSAGE_SIZE])
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	ssize_t length = -1;
	int error = 0;

	*file = (struct file){0};
	if (descriptor < 0 || fstat(descriptor, &status) != 0)
		error = -errno;
	else if (!S_ISREG(status.st_mode))
		error = -EINVAL;
	else if (status.st_size > TLS_FILE_MAX)
		error = -EFBIG;
	else if (!(file->data = malloc((size_t)status.st_size + 1)))
		error = -ENOMEM;
	else if ((length = read(descriptor, file->data, (size_t)status.st_size)) < 0)
		error = -errno;
	if (descriptor >= 0)
		close(descriptor);
	if (length < 0) {
		assert(error < 0);
		forget(file);
		*file = (struct file){0};
		fail(message, error, "[tls] %s %s: %s", key, path, strerror(-error));
		return error;
	}
	file->size = (size_t)length;
	file->data[length] = '\0';
	if (secret && (status.st_mode & (S_IRWXG | S_IRWXO)))
		log_warning("[tls] %s %s can be read by others than its owner (mode %04o): chmod 600 it", key, path,
			    (unsigned)status.st_mode & 07777);
	return 0;
}

static bool has_certificate(const struct file *file)
{
	return strstr(file->data, "-----BEGIN CERTIFICATE-----") ||
	       strstr(file->data, "-----BEGIN TRUSTED CERTIFICATE-----");
}

static int load_authorities(WOLFSSL_CTX *context, const struct tls_settings *settings, char message[TLS_MESSAGE_SIZE])
{
	const char *path = *settings->ca_file ? settings->ca_file : TLS_CA_FILE_DEFAULT;
	// Of a system's bundle, what this library does not know is left out; of a file that somebody chose, nothing.
	unsigned flags = *settings->ca_file ? WOLFSSL_LOAD_FLAG_NONE : WOLFSSL_LOAD_FLAG_IGNORE_ERR;
	struct file file;
	int error, code;

	if (!*settings->ca_file && access(path, F_OK) != 0)
		return fail(message, -ENOENT,
			    "[tls] ca_file is not set and " TLS_CA_FILE_DEFAULT
			    " is missing: no authority is known that could vouch for a server");
	error = read_file(&file, "ca_file", path, false, message);
	if (error)
		return error;
	if (!has_certificate(&file)) {
		forget(&file);
		return fail(message, -EINVAL, "[tls] ca_file %s: holds no certificate in PEM", path);
	}
	code = wolfSSL_CTX_load_verify_buffer_ex(context, (unsigned char *)file.data, (long)file.size,
						 WOLFSSL_FILETYPE_PEM, 0, flags);
	forget(&file);
	return code == WOLFSSL_SUCCESS ? 0 : fail_library(message, "ca_file", path, code);
}

static int load_revocations(WOLFSSL_CTX *context, const struct tls_settings *settings, char message[TLS_MESSAGE_SIZE])
{
	const char *list;
	struct file file;
	int error, code;

	if (!*settings->crl_file)
		return 0;
	error = read_file(&file, "crl_file", settings->crl_file, false, message);
	if (error)
		return error;
	code = wolfSSL_CTX_EnableCRL(context, WOLFSSL_CRL_CHECKALL);
	list = strstr(file.data, CRL_BEGIN);
	if (!list)
		error = fail(message, -EINVAL, "[tls] crl_file %s: holds no revocation list in PEM",
			     settings->crl_file);
	while (list && code == WOLFSSL_SUCCESS) {
		code = wolfSSL_CTX_LoadCRLBuffer(context, (const unsigned char *)list,
						 (long)(file.size - (size_t)(list - file.data)), WOLFSSL_FILETYPE_PEM);
		list = strstr(list + strlen(CRL_BEGIN), CRL_BEGIN);
	}
	forget(&file);
	if (error)
		return error;
	if (code == ASN_CRL_NO_SIGNER_E)
		return fail(message, -EINVAL, "[tls] crl_file %s: a list is not from an authority of [tls] ca_file",
			    settings->crl_file);
	return code == WOLFSSL_SUCCESS ? 0 : fail_library(message, "crl_file", settings->crl_file, code);
}

// Whether an elliptic-curve key is another one's than the certificate's: the library's check sees only RSA.
static bool is_strange_curve_key(WOLFSSL_CTX *context, const struct file *key)
{
	WOLFSSL_X509 *certificate = wolfSSL_CTX_get0_certificate(context);
	unsigned char der[KEY_DER_SIZE], point[2 * MAX_ECC_BYTES + 1];
	word32 index = 0, point_size = sizeof(point);
	const unsigned char *known;
	bool strange = false;
	int size, known_size;
	ecc_key ecc;

	size = wc_KeyPemToDer((const unsigned char *)key->data, (int)key->size, der, sizeof(der), NULL);
	known = certificate ? wolfSSL_X509_get_der(certificate, &known_size) : NULL;
	if (size <= 0 || !known || wc_ecc_init(&ecc) != 0)
		return false;
	if (wc_EccPrivateKeyDecode(der, &index, &ecc, (word32)size) == 0 && wc_ecc_make_pub(&ecc, NULL) == 0 &&
	    wc_ecc_export_x963(&ecc, point, &point_size) == 0)
		strange = !memmem(known, (size_t)known_size, point, point_size);
	wc_ecc_free(&ecc);
	explicit_bzero(der, sizeof(der));
	return strange;
}

static int load_own(WOLFSSL_CTX *context, const struct tls_settings *settings, char message[TLS_MESSAGE_SIZE])
{
	struct file certificate, key;
	bool strange;
	int error, code;

	if (!*settings->certificate && !*settings->private_key)
		return 0;
	if (!*settings->private_key)
		return fail(message, -EINVAL, "[tls] certificate %s: [tls] private_key is missing",
			    settings->certificate);
	if (!*settings->certificate)
		return fail(message, -EINVAL, "[tls] private_key %s: [tls] certificate is missing",
			    settings->private_key);
	error = read_file(&certificate, "certificate", settings->certificate, false, message);
	if (error)
		return error;
	if (!has_certificate(&certificate)) {
		forget(&certificate);
		return fail(message, -EINVAL, "[tls] certificate %s: holds no certificate in PEM",
			    settings->certificate);
	}
	code = wolfSSL_CTX_use_certificate_chain_buffer(context, (unsigned char *)certificate.data,
							(long)certificate.size);
	forget(&certificate);
	if (code != WOLFSSL_SUCCESS)
		return fail_library(message, "certificate", settings->certificate, code);
	error = read_file(&key, "private_key", settings->private_key, true, message);
	if (error)
		return error;
	if (strstr(key.data, "ENCRYPTED"))
		error = fail(message, -EINVAL, "[tls] private_key %s: is encrypted, and nobody is there to be asked",
			     settings->private_key);
	code = error ? 0
		     : wolfSSL_CTX_use_PrivateKey_buffer(context, (unsigned char *)key.data, (long)key.size,
							 WOLFSSL_FILETYPE_PEM);
	strange = code == WOLFSSL_SUCCESS && is_strange_curve_key(context, &key);
	forget(&key);
	if (error)
		return error;
	if (code != WOLFSSL_SUCCESS)
		return fail(message, -EINVAL, "[tls] private_key %s: holds no private key in PEM",
			    settings->private_key);
	if (strange || wolfSSL_CTX_check_private_key(context) != WOLFSSL_SUCCESS)
		return fail(message, -EINVAL, "[tls] private_key %s: does not belong to [tls] certificate %s",
			    settings->private_key, settings->certificate);
	return 0;
}

static int set_up(WOLFSSL_CTX *context)
{
	// X25519 first, which takes the library a fifth of the time of P-256; the others are for certificates too.
	static int groups[] = {WOLFSSL_ECC_X25519, WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_SECP384R1, WOLFSSL_ECC_SECP521R1};
	static int aes_first = -1; // what is faster does not change

	if (aes_first < 0)
		aes_first = tls_cipher_aes_is_faster();
	// What a resumed session needs is in tls-session.c; the library's own table would keep it by address.
	wolfSSL_CTX_set_session_cache_mode(context, WOLFSSL_SESS_CACHE_OFF);
	// Authorities are loaded with this: a clock that is not set must not empty the list.
	wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_NONE, NULL);
	return wolfSSL_CTX_SetMinVersion(context, WOLFSSL_TLSV1_2) == WOLFSSL_SUCCESS &&
			       wolfSSL_CTX_set_cipher_list(context, tls_cipher_list(aes_first)) == WOLFSSL_SUCCESS &&
			       wolfSSL_CTX_set_groups(context, groups, sizeof(groups) / sizeof(groups[0])) ==
				       WOLFSSL_SUCCESS &&
			       wolfSSL_CTX_set1_sigalgs_list(context, SIGNATURES) == WOLFSSL_SUCCESS &&
			       wolfSSL_CTX_SetMinRsaKey_Sz(context, TLS_RSA_BITS_MIN) == WOLFSSL_SUCCESS &&
			       wolfSSL_CTX_SetMinEccKey_Sz(context, TLS_ECC_BITS_MIN) == WOLFSSL_SUCCESS &&
			       wolfSSL_CTX_SetMinDhKey_Sz(context, TLS_RSA_BITS_MIN) == WOLFSSL_SUCCESS &&
			       wolfSSL_CTX_UseSessionTicket(context) == WOLFSSL_SUCCESS
		       ? 0
		       : -ENOTSUP;
}

int tls_load(struct tls *tls, const struct tls_settings *settings, char message[TLS_MESSAGE_SIZE])
{
	WOLFSSL_CTX *context;
	int error = 0;

	if (wolfSSL_Init() != WOLFSSL_SUCCESS || !(context = wolfSSL_CTX_new(wolfSSLv23_client_method())))
		return fail(message, -ENOMEM, "TLS: no memory");
	if (set_up(context) != 0)
		error = fail(message, -ENOTSUP, "TLS: the library lacks what is needed");
	if (!error && settings->verify)
		error = load_authorities(context, settings, message);
	if (!error && settings->verify)
		error = load_revocations(context, settings, message);
	if (!error)
		error = load_own(context, settings, message);
	if (error) {
		wolfSSL_CTX_free(context);
		return error;
	}
	tls_stream_prepare(context, settings->verify);
	if (!settings->verify)
		log_warning("[tls] verify = no: whoever is between this device and the ACS can control the device");
	tls_unload(tls);
	tls->context = context;
	tls->settings = *settings;
	return 0;
}

int tls_ready(struct tls *tls, char message[TLS_MESSAGE_SIZE])
{
	struct tls_settings settings = tls->settings;

	return tls->context ? 0 : tls_load(tls, &settings, message);
}

void tls_unload(struct tls *tls)
{
	tls_sessions_clear(&tls->sessions);
	if (tls->context)
		wolfSSL_CTX_free(tls->context);
	tls->context = NULL;
}
