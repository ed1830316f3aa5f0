/**
 * API of payloads that run in a Microdroid VM, as far as the emulated device has it. Names and meanings are those of
 * Android 15, so that a payload built against this header also loads on a phone.
 *
 * Not here, because the guest has no binder: AVmPayload_runVsockRpcServer. A payload that calls it needs an AVF device.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Entry point that a payload defines: its return value is the payload's exit code. */
int AVmPayload_main(void);

/** Entry point of payloads for Android 13: `argv[0]` is the path of the library, the rest are the task's `args`. */
int android_native_main(int argc, char *argv[]);

/** Tells the host that the payload is ready. Only the first call has an effect. Returns once the host knows. */
void AVmPayload_notifyPayloadReady(void);

/**
 * Derives a secret that only this VM can have: the same for the same identifier at each boot of this VM, another one for
 * another identifier, for another VM, and after this VM was deleted.
 *
 * @param identifier tells one secret from another; at most 4000 bytes
 * @param secret     where to write it
 * @param size       how many bytes; at most 32, else the payload is ended
 */
void AVmPayload_getVmInstanceSecret(const void *identifier, size_t identifier_size, void *secret, size_t size);

/** Where the content of the APK is: `/mnt/apk`. */
const char *AVmPayload_getApkContentsPath(void);

/** Where storage is that survives the VM and that only this VM can read; NULL when the VM has none. */
const char *AVmPayload_getEncryptedStoragePath(void);

/**
 * The DICE chain of the VM, a CBOR array (RFC 8949): the public key of its root, then a COSE_Sign1 for the system and one for
 * the payload, each signed by the key of the part before it. For VMs with a payload config only; in others the payload is
 * ended, as on a phone.
 *
 * @returns how many bytes the chain has; at most `size` of them are written
 */
size_t AVmPayload_getDiceAttestationChain(void *data, size_t size);

/** The payload's attestation CDI, 32 bytes: the same at each boot of this VM. As for the chain. */
size_t AVmPayload_getDiceAttestationCdi(void *data, size_t size);

/** Android 16: whether this is the VM's first boot. */
bool AVmPayload_isNewInstance(void);

/**
 * Android 16: 32 bytes that Secretkeeper keeps. The emulated device has none, so that both answer -1, as they do on a phone
 * without updatable VMs.
 */
int32_t AVmPayload_writeRollbackProtectedSecret(const void *data, size_t size);
int32_t AVmPayload_readRollbackProtectedSecret(void *data, size_t size);

typedef enum AVmAttestationStatus {
  ATTESTATION_OK = 0,
  /** The challenge is longer than 64 bytes. */
  ATTESTATION_ERROR_INVALID_CHALLENGE = -10001,
  ATTESTATION_ERROR_ATTESTATION_FAILED = -10002,
  /** The device cannot attest, as the emulated device never can. */
  ATTESTATION_ERROR_UNSUPPORTED = -10003,
} AVmAttestationStatus;

struct AVmAttestationResult;

/**
 * Asks for a certificate of this VM's software. On the emulated device the answer is ATTESTATION_ERROR_UNSUPPORTED for
 * every challenge that is not too long, and `*result` is NULL.
 */
AVmAttestationStatus AVmPayload_requestAttestation(const void *challenge, size_t challenge_size,
                                                   struct AVmAttestationResult **result);

/** A constant text for a status. */
const char *AVmAttestationStatus_toString(AVmAttestationStatus status);

/** Frees a result; NULL is fine. */
void AVmAttestationResult_free(struct AVmAttestationResult *result);

/** What a result holds. There never is one here, so each returns 0. */
size_t AVmAttestationResult_getPrivateKey(const struct AVmAttestationResult *result, void *data, size_t size);
size_t AVmAttestationResult_sign(const struct AVmAttestationResult *result, const void *message, size_t message_size,
                                 void *data, size_t size);
size_t AVmAttestationResult_getCertificateCount(const struct AVmAttestationResult *result);
size_t AVmAttestationResult_getCertificateAt(const struct AVmAttestationResult *result, size_t index, void *data,
                                             size_t size);

#ifdef __cplusplus
}
#endif
