package io.lispfabric.server.app;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.MulticastInfo;
import io.lispfabric.wire.Nonce;

/**
 * Numbers for what strangers choose: whoever does not know the secret can neither find two things
 * with one number nor aim at a place in a table. SipHash-1-3 over whole words, with the secret for
 * both halves of its key. Used by one thread; allocates nothing.
 */
final class SecretHash {
    private final long secret;
    private long v0;
    private long v1;
    private long v2;
    private long v3;

    SecretHash(long secret) {
        this.secret = secret;
    }

    long of(Ip address) {
        begin();
        add(address.afi());
        add(address);
        return end();
    }

    long of(Eid eid) {
        begin();
        add(eid);
        return end();
    }

    /** The address family comes first, so that no two pairs are the same words. */
    long of(Ip address, Eid eid) {
        begin();
        add(address.afi());
        add(address);
        add(eid);
        return end();
    }

    long of(Nonce nonce, Eid eid) {
        begin();
        add(nonce.value());
        add(eid);
        return end();
    }

    private void add(Ip address) {
        switch (address) {
            case LispAddress.Ipv4 it -> add(it.value() & 0xFFFF_FFFFL);
            case LispAddress.Ipv6 it -> {
                add(it.high());
                add(it.low());
            }
        }
    }

    /** Its kind and length come first, so that no two EIDs are the same words. */
    private void add(Eid eid) {
        var prefix = eid.prefix();
        add(
                (long) eid.iid().value() << 24
                        | (long) prefix.family().ordinal() << 16
                        | prefix.length());
        add(prefix.address());
    }

    private void add(LispAddress address) {
        switch (address) {
            case Ip ip -> add(ip);
            case LispAddress.Mac mac -> add(mac.value());
            case MulticastInfo(_, var source, var group) -> {
                add(
                        (long) source.maskLength() << 32
                                | (long) source.address().afi() << 16
                                | group.address().afi());
                add(group.address());
                add(source.address());
            }
            case LispAddress.Name(var text) -> {
                for (int i = 0; i < text.length(); i += 8) {
                    add(octets(text, i));
                }
            }
            default -> throw new IllegalStateException("checked when made: " + address);
        }
    }

    private static long octets(String text, int from) {
        long word = 0;
        for (int i = from; i < Math.min(text.length(), from + 8); i++) {
            word = word << 8 | text.charAt(i) & 0xFF;
        }
        return word;
    }

    private void begin() {
        v0 = secret ^ 0x736F_6D65_7073_6575L;
        v1 = ~secret ^ 0x646F_7261_6E64_6F6DL;
        v2 = secret ^ 0x6C79_6765_6E65_7261L;
        v3 = ~secret ^ 0x7465_6462_7974_6573L;
    }

    private void add(long word) {
        v3 ^= word;
        round();
        v0 ^= word;
    }

    private long end() {
        v2 ^= 0xFF;
        round();
        round();
        round();
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private void round() {
        v0 += v1;
        v1 = Long.rotateLeft(v1, 13) ^ v0;
        v0 = Long.rotateLeft(v0, 32);
        v2 += v3;
        v3 = Long.rotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = Long.rotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = Long.rotateLeft(v1, 17) ^ v2;
        v2 = Long.rotateLeft(v2, 32);
    }
}
