/* Public keys and certificates as APKs have them: DER, of which as much is read as a signature needs. */
#ifndef GUEST_PUBLIC_KEY_H
#define GUEST_PUBLIC_KEY_H
#include "../../crypto/sha2.h"
#include "../bytes.h"

enum signature_scheme { SCHEME_RSA_PKCS1, SCHEME_RSA_PSS, SCHEME_ECDSA };

/* Checks a signature over `data`. False as well when the key is of another kind than the scheme. */
bool public_key_verify(struct bytes key, enum signature_scheme scheme, enum sha2 hash, struct bytes data,
                       struct bytes signature);
/* The public key in an X.509 certificate, as it stands there (SubjectPublicKeyInfo). */
bool certificate_public_key(struct bytes certificate, struct bytes *key);
#endif
