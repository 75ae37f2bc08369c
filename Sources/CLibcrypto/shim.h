#pragma once
// The SHA-256 whose state is a struct: a hash of it needs no heap memory and can be copied. OpenSSL 3 has no other way, and
// keeps these functions, but marks them as deprecated.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
