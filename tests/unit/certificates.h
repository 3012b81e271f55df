/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Certificates of authorities, made by openssl for tests alone; nobody has their keys. */
#ifndef JITTERBUG_TESTS_CERTIFICATES_H
#define JITTERBUG_TESTS_CERTIFICATES_H

/* CN=root.linkerd.cluster.local, serial 0A1B, until 2046-01-01. */
#define FIRST_ANCHOR                                                                               \
	"-----BEGIN CERTIFICATE-----\n"                                                            \
	"MIIBbDCCARKgAwIBAgICChswCgYIKoZIzj0EAwIwJTEjMCEGA1UEAwwacm9vdC5s\n"                       \
	"aW5rZXJkLmNsdXN0ZXIubG9jYWwwHhcNMjYwMTAxMDAwMDAwWhcNNDYwMTAxMDAw\n"                       \
	"MDAwWjAlMSMwIQYDVQQDDBpyb290LmxpbmtlcmQuY2x1c3Rlci5sb2NhbDBZMBMG\n"                       \
	"ByqGSM49AgEGCCqGSM49AwEHA0IABJAEBufwVreOZbYhPRFiF8/kEEOAVxKvh3UW\n"                       \
	"6K9fr8WxtEet517ktSIduFWo5x0tJZpPYB6ef1aN04vAbMZDxQ+jMjAwMA8GA1Ud\n"                       \
	"EwEB/wQFMAMBAf8wHQYDVR0OBBYEFFYpdmacihduAVTCPb5t3sln4NMmMAoGCCqG\n"                       \
	"SM49BAMCA0gAMEUCIGcMb7FAc59ULfFwxneayE+EzOKY6ELA7j/aLhkwDzXnAiEA\n"                       \
	"+R2YruOa14VKpt5mNz+uM8IEtP0lzBWhkOTk6PvAXeg=\n"                                           \
	"-----END CERTIFICATE-----\n"

/* Its names and serial, until 2041-01-01. */
#define SAME_ANCHOR                                                                                \
	"-----BEGIN CERTIFICATE-----\n"                                                            \
	"MIIBazCCARKgAwIBAgICChswCgYIKoZIzj0EAwIwJTEjMCEGA1UEAwwacm9vdC5s\n"                       \
	"aW5rZXJkLmNsdXN0ZXIubG9jYWwwHhcNMjYwMTAxMDAwMDAwWhcNNDEwMTAxMDAw\n"                       \
	"MDAwWjAlMSMwIQYDVQQDDBpyb290LmxpbmtlcmQuY2x1c3Rlci5sb2NhbDBZMBMG\n"                       \
	"ByqGSM49AgEGCCqGSM49AwEHA0IABG3KgYpzdOViMEBaOnjI9psj3D7VbPULmvRp\n"                       \
	"dFzQU3rLqfR2x+/KxFKGYi6+4WWneZFjyPatwNi5kxFkeuIsCtSjMjAwMA8GA1Ud\n"                       \
	"EwEB/wQFMAMBAf8wHQYDVR0OBBYEFCCsCp45DXTA/BKt5QewpLGwZW9sMAoGCCqG\n"                       \
	"SM49BAMCA0cAMEQCIA4Z/x4BpkwTxupHnU1x6uzgcVnCNfCe47zz6tK4gEBkAiBe\n"                       \
	"UHvHeMrATKYfW+DzE3JVgIPkTbo1IvQnj8rZPAMUTA==\n"                                           \
	"-----END CERTIFICATE-----\n"

/* Its names, serial C0FFEE0102030405060708090A0B0C0D0E0F10, until 2136-02-29 12:34:56. */
#define NEXT_ANCHOR                                                                                \
	"-----BEGIN CERTIFICATE-----\n"                                                            \
	"MIIBgDCCASagAwIBAgIUAMD/7gECAwQFBgcICQoLDA0ODxAwCgYIKoZIzj0EAwIw\n"                       \
	"JTEjMCEGA1UEAwwacm9vdC5saW5rZXJkLmNsdXN0ZXIubG9jYWwwIBcNMjYwMTAx\n"                       \
	"MDAwMDAwWhgPMjEzNjAyMjkxMjM0NTZaMCUxIzAhBgNVBAMMGnJvb3QubGlua2Vy\n"                       \
	"ZC5jbHVzdGVyLmxvY2FsMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsaBdfF12\n"                       \
	"s9HXoPFPGQ5oWuZhcjkbAf7rSSe0/FHybzeDS5pxzq/J2VYAndT0qBzmIvOQHOBU\n"                       \
	"pw8NOIw5tXEMT6MyMDAwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUsMSjHLU4\n"                       \
	"lL8n6gvGMm5ZKiYDQMgwCgYIKoZIzj0EAwIDSAAwRQIgWC8w4YPNHsWPgs8PfhuM\n"                       \
	"oZv5TSupy20YfRLAA2JoNTICIQDFhAKZS1HLcH6DxZa7kq8LK4uXU94oXnWpFGGd\n"                       \
	"48TY8A==\n"                                                                               \
	"-----END CERTIFICATE-----\n"

/* CN=a b, O="J, Soehne", serial 01, until 2021-01-01. */
#define OLD_ANCHOR                                                                                 \
	"-----BEGIN CERTIFICATE-----\n"                                                            \
	"MIIBZDCCAQugAwIBAgIBATAKBggqhkjOPQQDAjAiMRIwEAYDVQQKDAlKLCBTw7Zo\n"                       \
	"bmUxDDAKBgNVBAMMA2EgYjAeFw0yMDAxMDEwMDAwMDBaFw0yMTAxMDEwMDAwMDBa\n"                       \
	"MCIxEjAQBgNVBAoMCUosIFPDtmhuZTEMMAoGA1UEAwwDYSBiMFkwEwYHKoZIzj0C\n"                       \
	"AQYIKoZIzj0DAQcDQgAEbMdPlTkXLTJVFi3lftt4j5Tu6lT9l785z11nqhRlef4W\n"                       \
	"ev8y8U6ow26SrEkaxaZi0Cfsp8YKSOSYIwrSH0ygEqMyMDAwDwYDVR0TAQH/BAUw\n"                       \
	"AwEB/zAdBgNVHQ4EFgQU7TEJMs8vSZC3O5f+nlNzPZ66CX4wCgYIKoZIzj0EAwID\n"                       \
	"RwAwRAIgHgqOYJvpsRjKsE2jsDDyOelMAHP9aC/bvvl7m4u955MCIFnyIPl7GLF0\n"                       \
	"KgbiTXZr4Z+3KTSSULQt3utz37P/mXaI\n"                                                       \
	"-----END CERTIFICATE-----\n"

/* CN=forever, serial 7F, until 9999-12-31 23:59:59. */
#define ETERNAL_ANCHOR                                                                             \
	"-----BEGIN CERTIFICATE-----\n"                                                            \
	"MIIBRTCB7aADAgECAgF/MAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB2ZvcmV2ZXIw\n"                       \
	"IBcNNzAwMTAxMDAwMDAwWhgPOTk5OTEyMzEyMzU5NTlaMBIxEDAOBgNVBAMMB2Zv\n"                       \
	"cmV2ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQNz/V8KRpV1QcBcUoG1kPJ\n"                       \
	"yUvjRqim55IGETyyHcAIT2+MBtVsPZs6YywBLb3FcEWHAIuBa0AV8gU53Y21Iq2z\n"                       \
	"ozIwMDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBRC4bLfzZzsUbBnK1T+lLcT\n"                       \
	"bj0MqDAKBggqhkjOPQQDAgNHADBEAiA5i2/LPh0k0QnWGQOFU7bgNuleZrO6EqV9\n"                       \
	"xwwum2zvqgIgMqUBPh95+4atmrK8FXGaGXUgzhnKct6zTpmy0XSFDB4=\n"                               \
	"-----END CERTIFICATE-----\n"

#endif
