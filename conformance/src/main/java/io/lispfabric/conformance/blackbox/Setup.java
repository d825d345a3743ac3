package io.lispfabric.conformance.blackbox;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Whom the suite talks to, and what that server has been configured with.
 *
 * @param secret of the site, when it has one; without it only questions can be asked
 * @param ipv4 EIDs that the site may register, at least a /16
 * @param ipv6 likewise, at least a /48
 * @param otherIid an Instance ID in which none of these EIDs is registered
 * @param outside an EID-Prefix that the site may not register and nobody has
 * @param local the address to send from, which the peer can reach
 * @param patience how long an answer may take
 * @param more what only some peers have
 */
public record Setup(
        InetSocketAddress peer,
        Optional<Secret> secret,
        long siteId,
        Address ipv4,
        Address ipv6,
        int otherIid,
        Address outside,
        Optional<String> local,
        Duration patience,
        More more) {
    /**
     * What some cases need, and are skipped without.
     *
     * @param second another key of the same site
     * @param itr the key that the Map-Resolver reads one-time keys with (RFC 9303 §6.5)
     * @param otherSite the Site-ID and a key of a site that may not register our EIDs
     * @param slow whether there is time for cases that take minutes
     */
    record More(
            Optional<Secret> second,
            Optional<Secret> itr,
            Optional<OtherSite> otherSite,
            boolean slow) {
        static final More NONE =
                new More(Optional.empty(), Optional.empty(), Optional.empty(), false);
    }

    /** A neighbour of the site. */
    record OtherSite(long siteId, Secret secret) {}

    /** A key that has a place on the command line of its own. */
    public record KeyOption(int id, byte[] secret) {}

    /**
     * The same with what only some peers have.
     *
     * @throws IllegalArgumentException when a Key ID is none
     */
    public Setup with(
            Optional<KeyOption> second,
            Optional<KeyOption> itr,
            long otherSiteId,
            Optional<KeyOption> otherSite,
            boolean slow) {
        return new Setup(
                peer,
                secret,
                siteId,
                ipv4,
                ipv6,
                otherIid,
                outside,
                local,
                patience,
                new More(
                        second.map(this::key),
                        itr.map(this::key),
                        otherSite.map(it -> new OtherSite(otherSiteId, key(it))),
                        slow));
    }

    private Secret key(KeyOption option) {
        if (option.id() < 0 || option.id() > 255) {
            throw new IllegalArgumentException("a Key ID is 0 to 255, not " + option.id());
        }
        // Algorithm and length are those of the first key.
        int algorithm = secret.map(Secret::algorithm).orElse(3);
        int length = secret.map(Secret::length).orElse(16);
        return new Secret(option.id(), ByteBuffer.wrap(option.secret()), algorithm, length);
    }

    /**
     * Checks what a command line says.
     *
     * @param eids IPv4 and IPv6 EIDs of the site, and the EIDs of nobody
     * @throws IllegalArgumentException when it cannot be so
     */
    public static Setup of(
            InetSocketAddress peer,
            Optional<String> local,
            int keyId,
            Optional<byte[]> secret,
            int algorithm,
            boolean legacyLength,
            long siteId,
            List<String> eids,
            int otherIid,
            Duration patience) {
        if (keyId < 0 || keyId > 255) {
            throw new IllegalArgumentException("a Key ID is 0 to 255, not " + keyId);
        }
        int length =
                switch (algorithm) {
                    case 1 -> legacyLength ? 20 : 12;
                    case 2 -> legacyLength ? 32 : 16;
                    case 3 -> 16;
                    default ->
                            throw new IllegalArgumentException(
                                    "an algorithm is 1, 2 or 3, not " + algorithm);
                };
        var ipv4 = Address.parse(eids.get(0));
        var ipv6 = Address.parse(eids.get(1));
        var outside = Address.parse(eids.get(2));
        if (ipv4.afi() != Address.IPV4 || ipv4.length() > 16) {
            throw new IllegalArgumentException(ipv4 + " is not a /16 of IPv4, or more");
        }
        if (ipv6.afi() != Address.IPV6 || ipv6.length() > 48) {
            throw new IllegalArgumentException(ipv6 + " is not a /48 of IPv6, or more");
        }
        if (outside.afi() != Address.IPV4 || outside.length() > 24) {
            throw new IllegalArgumentException(outside + " is not a /24 of IPv4, or more");
        }
        return new Setup(
                peer,
                secret.filter(it -> it.length > 0)
                        .map(it -> new Secret(keyId, ByteBuffer.wrap(it), algorithm, length)),
                siteId,
                ipv4,
                ipv6,
                otherIid,
                outside,
                local,
                patience,
                More.NONE);
    }
}
