package io.lispfabric.conformance.blackbox;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Message authentication (RFC 9301 §5.6 steps 1 to 5), by the JDK's own HMAC.
 *
 * @param algorithm 1, 2 or 3
 * @param length octets of Authentication Data; RFC 9301 has 12, 16 and 16
 */
record Secret(int keyId, ByteBuffer key, int algorithm, int length) {
    private static final int NONCE = 4;
    private static final int AUTHENTICATION = 12;
    private static final int DATA = 16;

    Secret with(int otherAlgorithm, int otherLength) {
        return new Secret(keyId, key, otherAlgorithm, otherLength);
    }

    Secret withKeyId(int other) {
        return new Secret(other, key, algorithm, length);
    }

    /** Another secret under the same Key ID. */
    Secret forged() {
        var other = octets();
        other[0] ^= 1;
        return new Secret(keyId, ByteBuffer.wrap(other), algorithm, length);
    }

    /** The secret itself, for keys that are made of it. */
    byte[] octets() {
        var octets = new byte[key.remaining()];
        key.get(key.position(), octets);
        return octets;
    }

    /** The fields before the data, and data of zeros. */
    void blank(Octets out) {
        out.u8(keyId).u8(algorithm).u16(length).bytes(new byte[length]);
    }

    /** Writes the MAC into a message that has its place in it. */
    byte[] seal(byte[] message) {
        System.arraycopy(mac(message), 0, message, DATA, length);
        return message;
    }

    boolean vouchesFor(byte[] message) {
        var copy = message.clone();
        int end = DATA + length;
        if (copy.length < end || ByteBuffer.wrap(copy).getShort(AUTHENTICATION + 2) != length) {
            return false;
        }
        Arrays.fill(copy, DATA, end, (byte) 0);
        return MessageDigest.isEqual(mac(copy), Arrays.copyOfRange(message, DATA, end));
    }

    private byte[] mac(byte[] message) {
        var mac =
                switch (algorithm) {
                    case 1 -> hmac("HmacSHA1", octets(), message);
                    case 3 -> hmac("HmacSHA256", messageKey(message), message);
                    default -> hmac("HmacSHA256", octets(), message);
                };
        return Arrays.copyOf(mac, length);
    }

    /** HKDF-SHA256 (RFC 5869) of nonce and key, whose one block is all that is needed. */
    private byte[] messageKey(byte[] message) {
        var salt =
                switch (message[0] >>> 4 & 0xF) {
                    case 3 -> "Map-Register Authentication";
                    case 4 -> "Map-Notify Authentication";
                    default -> "Map-Notify-Ack Authentication";
                };
        var material = new Octets().bytes(Arrays.copyOfRange(message, NONCE, NONCE + 8));
        var extracted =
                hmac(
                        "HmacSHA256",
                        salt.getBytes(StandardCharsets.US_ASCII),
                        material.bytes(octets()).toArray());
        return hmac("HmacSHA256", extracted, new byte[] {1});
    }

    static byte[] hmac(String name, byte[] key, byte[] message) {
        try {
            var mac = Mac.getInstance(name);
            mac.init(new SecretKeySpec(key, name));
            return mac.doFinal(message);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + name, e);
        }
    }

    @Override
    public String toString() {
        return "Key ID " + keyId + ", algorithm " + algorithm + ", " + length + " octets";
    }
}
