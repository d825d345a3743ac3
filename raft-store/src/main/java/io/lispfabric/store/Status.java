package io.lispfabric.store;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.LongBinaryOperator;
import java.util.stream.Stream;

/**
 * How one member sees the group, at one moment.
 *
 * @param member the id of the member that speaks
 * @param leader the id of the leader, if this member knows one; none while an election runs or no
 *     majority is in reach
 * @param term the newest term that this member has seen
 * @param commitIndex up to here this member knows the log to be committed; -1 if nothing is
 * @param appliedIndex up to here this member has applied it; -1 if nothing is
 * @param healthy false if this member can no longer apply the log: it was closed, or stopped at a
 *     fault. Having no leader is not ill health of this member: see {@code leader}
 * @param reason in one sentence, why it is not healthy; empty if it is
 * @param refuses in one sentence, why it takes no commands at present although it is healthy, and
 *     what to do if anything; empty if it takes them
 * @param differs in one sentence, that a majority of the members has other rows than this one,
 *     which are wrong then; empty as long as that is not known
 * @param hash the newest one of this member's rows
 * @param staleMillis for how long, at most, this member may have missed what was committed: all
 *     that its leader knew to be committed that long ago is applied here. Empty if it has heard of
 *     no leader since it began. A leader counts from when it last heard a majority
 * @param members all members of the group, in the order of their ids; this one is among them unless
 *     it was {@link #removed}
 */
public record Status(
        String member,
        Role role,
        Optional<String> leader,
        long term,
        long commitIndex,
        long appliedIndex,
        boolean healthy,
        String reason,
        Optional<String> refuses,
        Optional<String> differs,
        Optional<StateHash> hash,
        OptionalLong staleMillis,
        List<Member> members) {

    public Status {
        members = List.copyOf(members);
    }

    /**
     * Whether the others have removed this member, so that it hears of no change any more. One that
     * is being added is not among the members either, but well.
     */
    public boolean removed() {
        return !healthy && members.stream().noneMatch(it -> it.id().equals(member));
    }

    /**
     * How a member sees several groups with the same members: the worst of them. Sentences begin
     * with the group's number, from 1. It leads if it leads any; a leader is named if each group
     * has one, and then that of the first. Indices and lags are sums, so far as all are known. Each
     * group has rows of its own, so there is no hash of them.
     *
     * @param groups in their order, one at least; a single one is given back as it is
     */
    public static Status ofAll(List<Status> groups) {
        var first = groups.getFirst();
        if (groups.size() == 1) {
            return first;
        }
        var roles = groups.stream().map(Status::role).toList();
        boolean led = groups.stream().allMatch(it -> it.leader().isPresent());
        return new Status(
                first.member,
                roles.contains(Role.LEADER)
                        ? Role.LEADER
                        : roles.stream().max(Comparator.naturalOrder()).orElseThrow(),
                led ? first.leader : Optional.empty(),
                groups.stream().mapToLong(Status::term).max().orElseThrow(),
                sum(groups.stream().map(it -> known(it.commitIndex))).orElse(-1),
                sum(groups.stream().map(it -> known(it.appliedIndex))).orElse(-1),
                groups.stream().allMatch(Status::healthy),
                sentence(groups, it -> it.healthy ? Optional.empty() : Optional.of(it.reason))
                        .orElse(""),
                sentence(groups, Status::refuses),
                sentence(groups, Status::differs),
                Optional.empty(),
                greatest(groups.stream().map(Status::staleMillis)),
                groups.stream()
                        .flatMap(it -> it.members.stream())
                        .map(Member::id)
                        .distinct()
                        .sorted()
                        .map(id -> Member.ofAll(id, groups))
                        .toList());
    }

    private static OptionalLong known(long index) {
        return index < 0 ? OptionalLong.empty() : OptionalLong.of(index);
    }

    /** The first that there is, and which group it is about. */
    private static Optional<String> sentence(
            List<Status> groups, Function<Status, Optional<String>> what) {
        for (int i = 0; i < groups.size(); i++) {
            var said = what.apply(groups.get(i));
            if (said.isPresent()) {
                return Optional.of("group " + (i + 1) + ": " + said.get());
            }
        }
        return Optional.empty();
    }

    private static OptionalLong sum(Stream<OptionalLong> all) {
        return all.reduce((one, other) -> both(one, other, Long::sum)).orElseThrow();
    }

    private static OptionalLong greatest(Stream<OptionalLong> all) {
        return all.reduce((one, other) -> both(one, other, Math::max)).orElseThrow();
    }

    private static OptionalLong both(OptionalLong one, OptionalLong other, LongBinaryOperator by) {
        return one.isPresent() && other.isPresent()
                ? OptionalLong.of(by.applyAsLong(one.getAsLong(), other.getAsLong()))
                : OptionalLong.empty();
    }

    /** What a member is in its group. */
    public enum Role {
        LEADER,
        FOLLOWER,
        CANDIDATE,
        /** Receives the log but does not vote. */
        LISTENER,
        /** Starting, or stopped. */
        NONE
    }

    /**
     * One member, as far as the speaker knows it.
     *
     * @param address {@code host:port} where the others reach it
     * @param role empty if unknown; only the leader is known to followers
     * @param commitIndex the last commit index that was heard of it
     * @param matchIndex up to here its log is known to be the leader's; known to the leader alone
     * @param lag how many entries it is behind the speaker's newest knowledge, which is the
     *     leader's log for a leader, the commit index otherwise: the speaker itself by what it has
     *     applied, another by its log as far as that is known; empty if nothing was heard of it
     * @param heardMillis how long ago the speaker has heard it; known to the leader of all others,
     *     to the others of their leader; of several groups, the longest that is known
     * @param drained whether it leads only if nobody else can, and no traffic should go there
     */
    public record Member(
            String id,
            String address,
            boolean voter,
            Optional<Role> role,
            OptionalLong commitIndex,
            OptionalLong matchIndex,
            OptionalLong lag,
            OptionalLong heardMillis,
            boolean drained) {

        /** One that a group has; another may not have it yet, or not any more. */
        private static Member ofAll(String id, List<Status> groups) {
            var those =
                    groups.stream()
                            .flatMap(group -> group.members.stream())
                            .filter(it -> it.id.equals(id))
                            .toList();
            var first = those.getFirst();
            return new Member(
                    id,
                    first.address,
                    those.size() == groups.size() && those.stream().allMatch(Member::voter),
                    those.stream().anyMatch(it -> it.role.equals(Optional.of(Role.LEADER)))
                            ? Optional.of(Role.LEADER)
                            : first.role,
                    sum(those.stream().map(Member::commitIndex)),
                    sum(those.stream().map(Member::matchIndex)),
                    sum(those.stream().map(Member::lag)),
                    // Known in the groups that one of the two leads.
                    those.stream().flatMapToLong(it -> it.heardMillis.stream()).max(),
                    those.stream().anyMatch(Member::drained));
        }
    }
}
