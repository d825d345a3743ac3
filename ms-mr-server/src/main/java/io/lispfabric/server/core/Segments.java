package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.server.core.Segment.Domain;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All segments and INCC groups, checked together. Without any, every Instance ID is served, and
 * nothing is known about it.
 */
public final class Segments {
    /** No plan: any Instance ID may be used. */
    public static final Segments ANY =
            new Segments(List.of(), List.of(), Set.of(Domain.SCALE_UP, Domain.SCALE_OUT));

    private final List<Segment> segments;
    private final List<InccGroup> groups;
    private final Set<Domain> served;
    private final Map<InstanceId, Segment> byIid = new HashMap<>();

    /**
     * @param served the networks that this mapping system is for: one, or both
     * @throws IllegalArgumentException with a sentence for the operator, when two segments have one
     *     Instance ID, name, INCC domain or INCC group, or an INCC group has not just one segment
     */
    public Segments(List<Segment> segments, List<InccGroup> groups, Set<Domain> served) {
        this.segments = List.copyOf(segments);
        this.groups = List.copyOf(groups);
        this.served = Set.copyOf(served);
        check(this.segments, this.groups);
        segments.forEach(it -> byIid.put(it.iid(), it));
    }

    private static void check(List<Segment> segments, List<InccGroup> groups) {
        var iids = new HashSet<InstanceId>();
        var words = new HashSet<String>();
        for (var it : segments) {
            // draft-jain §4.5.1, §5.5.1: Instance IDs are unique within a mapping system.
            if (!iids.add(it.iid())) {
                throw new IllegalArgumentException("two segments have Instance ID " + it.iid());
            }
            if (!words.add("called " + it.name())) {
                throw new IllegalArgumentException("two segments are called " + it.name());
            }
            if (it.inccDomain().filter(name -> !words.add("for domain " + name)).isPresent()) {
                throw new IllegalArgumentException(
                        "two segments are for INCC domain " + it.inccDomain().get());
            }
            if (it.inccGroup().filter(name -> !words.add("for group " + name)).isPresent()) {
                throw new IllegalArgumentException(
                        "two segments are for INCC group " + it.inccGroup().get());
            }
            if (it.inccDomain().isPresent() && it.inccGroup().isPresent()) {
                throw new IllegalArgumentException(
                        "segment " + it.name() + " is for an INCC domain or for a group, not both");
            }
        }
        var names = new HashSet<String>();
        for (var group : groups) {
            if (!names.add(group.name())) {
                throw new IllegalArgumentException("two INCC groups are called " + group.name());
            }
            long homes = segments.stream().filter(it -> isHome(it, group)).count();
            if (homes != 1) {
                throw new IllegalArgumentException(
                        "INCC group "
                                + group.name()
                                + (homes == 0
                                        ? " has no segment, neither its own nor its domain's"
                                        : " has a segment of its own and that of its domain"));
            }
        }
        for (var it : segments) {
            if (it.inccGroup().filter(name -> !names.contains(name)).isPresent()) {
                throw new IllegalArgumentException(
                        "segment "
                                + it.name()
                                + ": no INCC group is called "
                                + it.inccGroup().get());
            }
        }
    }

    private static boolean isHome(Segment segment, InccGroup group) {
        return segment.inccGroup().filter(group.name()::equals).isPresent()
                || group.inccDomain().isPresent()
                        && segment.inccDomain().equals(group.inccDomain());
    }

    public List<Segment> segments() {
        return segments;
    }

    public List<InccGroup> groups() {
        return groups;
    }

    /** The networks that this mapping system is for. */
    public Set<Domain> served() {
        return served;
    }

    /** The segment of an Instance ID, if there is a plan that has it. */
    public Optional<Segment> of(InstanceId iid) {
        return Optional.ofNullable(byIid.get(iid));
    }

    /** The segment that an INCC group lives in. */
    public Optional<Segment> of(InccGroup group) {
        return segments.stream().filter(it -> isHome(it, group)).findFirst();
    }

    /** The INCC groups that live in a segment. */
    public List<InccGroup> groups(InstanceId iid) {
        return groups.stream()
                .filter(it -> of(it).filter(home -> home.iid().equals(iid)).isPresent())
                .toList();
    }

    /** Whether anything of a segment is registered, answered or told here. */
    public boolean serves(InstanceId iid) {
        return segments.isEmpty() || of(iid).filter(it -> served.contains(it.domain())).isPresent();
    }

    /** Why an EID may not be registered in its segment at all, whoever does so. */
    Optional<Refusal> refusal(Eid eid) {
        if (!serves(eid.iid())) {
            return Optional.of(of(eid.iid()).isPresent() ? Refusal.NOT_SERVED : Refusal.NO_SEGMENT);
        }
        return of(eid.iid())
                .filter(it -> it.inccGroup().isPresent())
                .filter(_ ->
                        groups(eid.iid()).stream()
                                .flatMap(group -> group.members().stream())
                                .noneMatch(member -> member.covers(eid.prefix())))
                .map(_ -> Refusal.NO_MEMBER);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Segments that
                && segments.equals(that.segments)
                && groups.equals(that.groups)
                && served.equals(that.served);
    }

    @Override
    public int hashCode() {
        return Objects.hash(segments, groups, served);
    }

    @Override
    public String toString() {
        return segments.toString();
    }
}
