package io.lispfabric.wire.auth;

import io.lispfabric.lcaf.Bytes;
import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * HMAC (RFC 2104) over a hash of the JDK, which the processor's own instructions compute where it
 * has them. Each thread has one of each hash, and may use it for any key: to take a key is to fill
 * one block.
 *
 * <p>The blocks of a key that is used again and again are kept, as long as its thread lives.
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
    private static final int KNOWN = 64; // a power of two
    private static final byte INNER = 0x36;
    private static final byte OUTER = 0x5C;

    private final MessageDigest hash;
    private final int length;
    private final @Nullable Pads[] known = new Pads[KNOWN];
    private final Pads once = new Pads(Bytes.EMPTY);
    private Pads pads = once;
    private final byte[] text = new byte[GATHERED];
    private final byte[] result;
    private int size;

    /** Whether the hash has something of a MAC that is not finished. */
    private boolean hashing;

    private Hmac(String algorithm) {
        try {
            hash = MessageDigest.getInstance(algorithm);
            length = hash.getDigestLength();
            result = new byte[length];
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

    /** A key as the two blocks that it is hashed in. */
    private static final class Pads {
        private final Bytes secret;
        private final byte[] inner = new byte[BLOCK];
        private final byte[] outer = new byte[BLOCK];

        Pads(Bytes secret) {
            this.secret = secret;
        }
    }

    /** Begins a MAC with a key that is used for many. */
    Hmac key(Bytes secret) {
        int place = System.identityHashCode(secret) & KNOWN - 1;
        var it = known[place];
        if (it == null || it.secret != secret) {
            it = new Pads(secret);
            fill(it, secret.toArray());
            known[place] = it;
        }
        return begin(it);
    }

    /** Begins a MAC with a key that is used for this one. */
    Hmac key(byte[] secret) {
        fill(once, secret);
        return begin(once);
    }

    private void fill(Pads it, byte[] secret) {
        // RFC 2104 §3: what is longer than a block is hashed first.
        clear();
        var octets = secret.length > BLOCK ? hash.digest(secret) : secret;
        for (int i = 0; i < BLOCK; i++) {
            byte octet = i < octets.length ? octets[i] : 0;
            it.inner[i] = (byte) (octet ^ INNER);
            it.outer[i] = (byte) (octet ^ OUTER);
        }
    }

    private Hmac begin(Pads with) {
        clear();
        pads = with;
        return begin(with.inner);
    }

    private Hmac begin(byte[] block) {
        System.arraycopy(block, 0, text, 0, BLOCK);
        size = BLOCK;
        return this;
    }

    /** The octets come next. */
    Hmac update(byte... octets) {
        return update(ByteBuffer.wrap(octets), 0, octets.length);
    }

    /** The octets come next. */
    Hmac update(Bytes octets) {
        if (octets.length() > text.length - size) {
            return update(octets.toArray());
        }
        octets.copyTo(text, size);
        size += octets.length();
        return this;
    }

    /** The eight octets of a number come next, the highest first. */
    Hmac update(long octets) {
        for (int shift = 56; shift >= 0; shift -= 8) {
            update((byte) (octets >>> shift));
        }
        return this;
    }

    /** One octet comes next. */
    Hmac update(byte octet) {
        if (size == text.length) {
            flush();
        }
        text[size++] = octet;
        return this;
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

    /** The first octets of a message come next, those where its own MAC stands as zeros. */
    Hmac updateWithout(ByteBuffer message, int most, int macFrom, int macLength) {
        int start = message.position();
        if (most <= text.length - size) {
            message.get(start, text, size, most);
            Arrays.fill(text, size + macFrom, size + macFrom + macLength, (byte) 0);
            size += most;
            return this;
        }
        int after = macFrom + macLength;
        return update(message, start, macFrom)
                .update(new byte[macLength])
                .update(message, start + after, most - after);
    }

    /**
     * The MAC of all that came, as many octets as the hash has; the next MAC of this thread takes
     * its place.
     */
    byte[] mac() {
        flush();
        begin(pads.outer);
        try {
            size += hash.digest(text, size, length);
            flush();
            hashing = false;
            hash.digest(result, 0, length);
        } catch (DigestException e) {
            throw new IllegalStateException("there is room for a digest", e);
        }
        return result;
    }

    private void flush() {
        hash.update(text, 0, size);
        size = 0;
        hashing = true;
    }

    /** Forgets a MAC that was begun and never asked for. */
    private void clear() {
        if (hashing) {
            hash.reset();
            hashing = false;
        }
    }
}
