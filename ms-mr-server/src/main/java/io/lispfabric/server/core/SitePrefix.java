package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.MulticastInfo;
import java.util.Optional;

/**
 * EIDs that a site may register (RFC 9301 §8.2). Names have no prefixes on the wire; here {@code
 * name:POD-D-*} stands for all that begin so.
 *
 * @param nameStart when present, any name that begins with it; {@code prefix} is then of no account
 * @param groups when present, (S,G) and (*,G) of these groups, whatever the source; {@code prefix}
 *     is then of no account
 * @param moreSpecifics whether EID-Prefixes inside it may be registered too; for names, always
 * @param accelerators whether it is a space of accelerators, which are known one by one: what is
 *     not registered there is an Unknown Accelerator, to be dropped, whatever shorter prefix is
 *     registered (draft-jain §4.2, §5.5.4)
 * @param petr whether xTRs of the site may stand for all that is not registered (draft-jain §4.3);
 *     then it is a default EID, and nothing of it is a place where registrations are expected
 */
public record SitePrefix(
        InstanceId iid,
        Optional<EidPrefix> prefix,
        Optional<String> nameStart,
        Optional<EidPrefix> groups,
        boolean moreSpecifics,
        boolean accelerators,
        boolean petr) {
    /**
     * @throws IllegalArgumentException with a sentence for the operator, when others stand for what
     *     is no default EID
     */
    public SitePrefix {
        if (petr && prefix.filter(DefaultEid::is).isEmpty()) {
            throw new IllegalArgumentException(
                    "a pETR registers 0.0.0.0/0, ::/0 or name:pETR and nothing else");
        }
    }

    /** What pETRs of the site may register. */
    public static SitePrefix petr(InstanceId iid, String text) {
        return new SitePrefix(
                iid,
                Optional.of(EidPrefix.parse(text)),
                Optional.empty(),
                Optional.empty(),
                false,
                false,
                true);
    }

    /**
     * @throws IllegalArgumentException with a sentence for the operator
     */
    public static SitePrefix parse(
            InstanceId iid, String text, boolean moreSpecifics, boolean accelerators) {
        if (text.startsWith("name:") && text.endsWith("*")) {
            var start = text.substring(5, text.length() - 1);
            return new SitePrefix(
                    iid,
                    Optional.empty(),
                    Optional.of(start),
                    Optional.empty(),
                    true,
                    accelerators,
                    false);
        }
        if (text.startsWith("name:") && text.contains("*")) {
            // A name may have one, but whoever writes it means a pattern.
            throw new IllegalArgumentException(
                    "'*' stands at the end of a name, for all that begin so, not as in '"
                            + text
                            + "'");
        }
        if (text.startsWith("group:")) {
            var groups = Optional.of(groups(text.substring(6)));
            return new SitePrefix(
                    iid, Optional.empty(), Optional.empty(), groups, true, accelerators, false);
        }
        return new SitePrefix(
                iid,
                Optional.of(EidPrefix.parse(text)),
                Optional.empty(),
                Optional.empty(),
                moreSpecifics,
                accelerators,
                false);
    }

    private static EidPrefix groups(String text) {
        var groups = EidPrefix.parse(text);
        boolean multicast =
                switch (groups.address()) {
                    // What all hosts hear is a group, too.
                    case LispAddress.Ipv4(int bits) ->
                            groups.length() >= 4 && bits >>> 28 == 0xE || bits == 0xFFFF_FFFF;
                    case LispAddress.Ipv6(long high, _) ->
                            groups.length() >= 8 && high >>> 56 == 0xFF;
                    case LispAddress.Mac(long bits) ->
                            groups.length() >= 8 && (bits >>> 40 & 1) == 1;
                    default -> false;
                };
        if (!multicast) {
            throw new IllegalArgumentException(
                    "groups are inside 224.0.0.0/4 or ff00::/8, 255.255.255.255, or MACs with the"
                            + " group bit, as in group:239.1.0.0/16, not '"
                            + text
                            + "'");
        }
        return groups;
    }

    /** What it is found by: the bits that all EIDs in it begin with; of groups, theirs. */
    BitKey bits() {
        return prefix.or(() -> groups)
                .map(it -> BitKey.of(new Eid(iid, it)))
                .orElseGet(() -> BitKey.ofNames(iid, nameStart.orElseThrow()));
    }

    /** Whether this site's xTRs may register the EID-Prefix. */
    boolean allows(Eid eid) {
        // Whoever stands for all others needs more than a prefix that happens to be as short.
        return covers(eid)
                && petr == DefaultEid.is(eid.prefix())
                && (moreSpecifics || prefix.equals(Optional.of(eid.prefix())));
    }

    /** Whether the EID-Prefix lies in here, but only the whole of it may be registered. */
    boolean isTooWideFor(Eid eid) {
        return !moreSpecifics && petr == DefaultEid.is(eid.prefix()) && covers(eid);
    }

    /** Whether all of the EID-Prefix lies in here. */
    boolean covers(Eid eid) {
        if (groups.isPresent()) {
            return iid.equals(eid.iid())
                    && eid.prefix().address() instanceof MulticastInfo info
                    && groups.get().covers(EidPrefix.of(info.group().address()));
        }
        return iid.equals(eid.iid())
                && (prefix.isPresent()
                        ? prefix.get().covers(eid.prefix())
                        : eid.prefix().address() instanceof LispAddress.Name(var text)
                                && text.startsWith(nameStart.orElseThrow()));
    }

    /** Whether the two have an EID in common. */
    boolean overlaps(SitePrefix other) {
        // Receivers of one group, and gateways, may be of any site.
        boolean shared = petr || other.petr || groups.isPresent() || other.groups.isPresent();
        if (!iid.equals(other.iid) || shared) {
            return false;
        }
        if (prefix.isPresent() && other.prefix.isPresent()) {
            return prefix.get().covers(other.prefix.get())
                    || other.prefix.get().covers(prefix.get());
        }
        if (prefix.isPresent()) {
            return other.covers(new Eid(iid, prefix.get()));
        }
        return other.prefix.isPresent()
                ? other.overlaps(this)
                : nameStart.orElseThrow().startsWith(other.nameStart.orElseThrow())
                        || other.nameStart.orElseThrow().startsWith(nameStart.orElseThrow());
    }

    @Override
    public String toString() {
        return "["
                + iid
                + "]"
                + prefix.or(() -> groups)
                        .map(EidPrefix::toString)
                        .orElseGet(() -> "name:" + nameStart.orElseThrow() + "*");
    }
}
