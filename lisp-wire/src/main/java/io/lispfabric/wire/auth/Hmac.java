package io.lispfabric.wire.auth;

import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * HMAC (RFC 2104) over a hash of the JDK, which the processor's own instructions compute where it
 * has them. Each thread has one of each hash, and may use it for any key: to take a key is to fill
 * one block.
 *
 * <p>What is hashed is gathered behind that block first, since most messages are so short that to
 * call the hash costs more than to copy what it is called with.
 */
final class Hmac {
    private static final ThreadLocal<Hmac> SHA1 = ThreadLocal.withInitial(() -> new Hmac("SHA-1"));
    private static final ThreadLocal<Hmac> SHA256 =
            ThreadLocal.withInitial(() -> new Hmac("SHA-256"));

    private static final int BLOCK = 64; // octets, of both hashes
    private static final int GATHERED = 2048;
    private static final byte INNER = 0x36;
    private static final byte OUTER = 0x5C;

    private final MessageDigest hash;
    private final byte[] key = new byte[BLOCK];
    private final byte[] text = new byte[GATHERED];
    private int size;

    private Hmac(String algorithm) {
        try {
            hash = MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has " + algorithm, e);
        }
    }

    /** HMAC-SHA-1 (RFC 2404), this thread's. */
    static Hmac sha1() {
        return SHA1.get();
    }

    /** HMAC-SHA-256 (RFC 4868), this thread's. */
    static Hmac sha256() {
        return SHA256.get();
    }

    /** Begins a MAC with this key. */
    Hmac key(byte[] secret) {
        hash.reset(); // of one that was begun and never asked for
        // RFC 2104 §3: what is longer than a block is hashed first.
        var octets = secret.length > BLOCK ? hash.digest(secret) : secret;
        System.arraycopy(octets, 0, key, 0, octets.length);
        Arrays.fill(key, octets.length, BLOCK, (byte) 0);
        begin(INNER);
        return this;
    }

    /** The octets come next. */
    Hmac update(byte... octets) {
        return update(ByteBuffer.wrap(octets), 0, octets.length);
    }

    /** These octets of the buffer come next. */
    Hmac update(ByteBuffer octets, int from, int length) {
        int done = 0;
        while (done < length) {
            if (size == text.length) {
                flush();
            }
            int part = Math.min(length - done, text.length - size);
            octets.get(from + done, text, size, part);
            size += part;
            done += part;
        }
        return this;
    }

    /** The MAC of all that came, as many octets as the hash has. */
    byte[] mac() {
        flush();
        begin(OUTER);
        try {
            size += hash.digest(text, size, hash.getDigestLength());
        } catch (DigestException e) {
            throw new IllegalStateException("there is room for a digest", e);
        }
        flush();
        return hash.digest();
    }

    private void begin(byte with) {
        for (int i = 0; i < BLOCK; i++) {
            text[i] = (byte) (key[i] ^ with);
        }
        size = BLOCK;
    }

    private void flush() {
        hash.update(text, 0, size);
        size = 0;
    }
}
