package io.lispfabric.conformance.blackbox;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/**
 * What an ITR protects a Map-Request with, and checks its answer by (RFC 9303), by the JDK's own
 * ciphers.
 *
 * @param itr the secret that ITR and Map-Resolver share
 * @param octets 128 bits
 */
record OneTimeKey(Secret itr, ByteBuffer octets) {
    static final int OCTETS = 16;

    /** Key Wrap IDs (RFC 9303 §8.4). */
    static final int NULL_WRAP = 1;

    static final int AES_WRAP = 2;

    /** HMAC IDs (RFC 9303 §8.3). */
    static final int SHA_1_96 = 1;

    static final int SHA_256_128 = 2;

    /** KDF IDs (RFC 9303 §8.5). */
    static final int HKDF_SHA_1 = 1;

    static final int HKDF_SHA_256 = 2;

    private byte[] key() {
        var key = new byte[OCTETS];
        octets.get(octets.position(), key);
        return key;
    }

    /** The ECM's Authentication Data as an ITR writes it (RFC 9303 §6.1, §6.4). */
    byte[] authenticationData(long nonce, int wrap, int hmacId, int kdfId) {
        var out = new Octets().u8(1).u8(0).u16(hmacId).u16(24).u8(itr.keyId()).u8(wrap);
        if (wrap == NULL_WRAP) {
            out.u64(0).bytes(key());
        } else {
            out.bytes(wrapped(nonce));
        }
        return out.u16(4).u16(kdfId).toArray();
    }

    /** RFC 9303 §6.5: AES Key Wrap (RFC 3394) under a key of this message alone. */
    private byte[] wrapped(long nonce) {
        try {
            var cipher = Cipher.getInstance("AESWrap");
            cipher.init(Cipher.WRAP_MODE, new SecretKeySpec(wrappingKey(itr, nonce), "AES"));
            return cipher.wrap(new SecretKeySpec(key(), "AES"));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has AESWrap", e);
        }
    }

    /** The key of an ETR, from what a Map-Server wrapped for it (RFC 9303 §6.7.1). */
    static byte[] unwrapped(Secret etr, long nonce, byte[] wrapped)
            throws GeneralSecurityException {
        var cipher = Cipher.getInstance("AESWrap");
        cipher.init(Cipher.UNWRAP_MODE, new SecretKeySpec(wrappingKey(etr, nonce), "AES"));
        return cipher.unwrap(wrapped, "AES", Cipher.SECRET_KEY).getEncoded();
    }

    private static byte[] wrappingKey(Secret secret, long nonce) {
        return hkdf(
                HKDF_SHA_256,
                new Octets()
                        .u64(nonce)
                        .bytes("OTK-Key-Wrap".getBytes(StandardCharsets.US_ASCII))
                        .bytes(secret.octets())
                        .toArray(),
                OCTETS);
    }

    /** RFC 9303 §6.7.1: what the Map-Server makes of the ITR's key. */
    byte[] msOtk(int kdfId) {
        return hkdf(kdfId, key(), OCTETS);
    }

    /** RFC 9437 §7.1: what Map-Notifies to the subscriber are authenticated with. */
    Secret pubSubKey(long nonce) {
        var key = hkdf(HKDF_SHA_256, new Octets().bytes(key()).u64(nonce).toArray(), 32);
        return new Secret(itr.keyId(), ByteBuffer.wrap(key), 3, 16);
    }

    boolean vouchedFor(byte[] eidAd, int hmacId) {
        return signed(eidAd, hmacId, key());
    }

    boolean packetSigned(byte[] reply, int hmacId, int kdfId) {
        return signed(reply, hmacId, msOtk(kdfId));
    }

    /** Whether the last octets are the HMAC of all, with zeros in their own place. */
    private static boolean signed(byte[] octets, int hmacId, byte[] key) {
        int length = macOctets(hmacId);
        if (length == 0 || octets.length < length) {
            return false;
        }
        var blank = octets.clone();
        Arrays.fill(blank, blank.length - length, blank.length, (byte) 0);
        var mac = Secret.hmac(hmacId == SHA_1_96 ? "HmacSHA1" : "HmacSHA256", key, blank);
        return Arrays.equals(
                Arrays.copyOf(mac, length),
                Arrays.copyOfRange(octets, octets.length - length, octets.length));
    }

    /** Of an HMAC ID; 0 for one that is unknown. */
    static int macOctets(int hmacId) {
        return switch (hmacId) {
            case SHA_1_96 -> 12;
            case SHA_256_128 -> 16;
            default -> 0;
        };
    }

    /** RFC 5869 without salt and info; one block is enough. */
    private static byte[] hkdf(int kdfId, byte[] material, int length) {
        boolean old = kdfId == HKDF_SHA_1;
        var name = old ? "HmacSHA1" : "HmacSHA256";
        var extracted = Secret.hmac(name, new byte[old ? 20 : 32], material);
        return Arrays.copyOf(Secret.hmac(name, extracted, new byte[] {1}), length);
    }

    @Override
    public String toString() {
        return "a one-time key under Key ID " + itr.keyId();
    }
}
