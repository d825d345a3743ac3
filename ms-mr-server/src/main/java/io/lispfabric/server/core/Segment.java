package io.lispfabric.server.core;

import io.lispfabric.lcaf.InstanceId;
import java.util.Optional;

/**
 * What an Instance ID is for: a tenant, a job, an INCC domain or a single INCC group (draft-jain
 * §4.5.1, §5.5.1). Two segments never see anything of each other.
 *
 * @param name what people call it, unique as the Instance ID is
 * @param domain the network that it is a segment of
 * @param inccDomain the INCC domain, as of a VRF, whose groups all live in it
 * @param inccGroup the one INCC group that it is for
 * @param dropsUnknown whether an EID that nobody may register is to be dropped, if not as
 *     everywhere
 */
public record Segment(
        InstanceId iid,
        String name,
        Domain domain,
        Optional<String> inccDomain,
        Optional<String> inccGroup,
        Optional<Boolean> dropsUnknown) {
    /** The two networks of draft-jain §3. */
    public enum Domain {
        /** Inside a PoD. */
        SCALE_UP,
        /** Between PoDs. */
        SCALE_OUT
    }

    /** A segment of no INCC domain or group. */
    public static Segment of(int iid, String name, Domain domain) {
        return new Segment(
                new InstanceId(iid),
                name,
                domain,
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /** The same for an INCC domain. */
    public Segment forInccDomain(String other) {
        return new Segment(iid, name, domain, Optional.of(other), inccGroup, dropsUnknown);
    }

    /** The same for one INCC group. */
    public Segment forInccGroup(String other) {
        return new Segment(iid, name, domain, inccDomain, Optional.of(other), dropsUnknown);
    }
}
