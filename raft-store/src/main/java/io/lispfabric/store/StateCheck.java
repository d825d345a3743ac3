package io.lispfabric.store;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Whether the members have the same rows, as they were after one entry of the log.
 *
 * @param index of the entry
 * @param decided whether a majority of the voters has the same rows
 * @param members by their ids
 */
public record StateCheck(long index, boolean decided, SortedMap<String, Member> members) {
    /** How the rows of one member compare. */
    public enum State {
        /** It has the rows that all have who have answered, or a majority of the voters. */
        EQUAL,
        /** A majority of the voters has other rows: its own are wrong. */
        DIFFERS,
        /** Others have other rows, and no majority is known that would say whose are right. */
        DIVIDED,
        /** It has not said yet. */
        MISSING
    }

    /**
     * @param hash empty if it is missing
     */
    public record Member(State state, Optional<StateHash> hash) {}

    /**
     * Compares.
     *
     * @param voters whose majority decides
     * @param hashes by member, of all that are asked; empty of those that have not said yet
     */
    public static StateCheck of(
            long index, Set<String> voters, Map<String, Optional<StateHash>> hashes) {
        var votes = new HashMap<String, Integer>();
        hashes.forEach((id, hash) ->
                hash.ifPresent(
                        it -> votes.merge(it.sha256(), voters.contains(id) ? 1 : 0, Integer::sum)));
        var majority =
                votes.entrySet().stream()
                        .filter(it -> it.getValue() > voters.size() / 2)
                        .map(Map.Entry::getKey)
                        .findFirst();
        var members = new TreeMap<String, Member>();
        hashes.forEach((id, hash) -> {
            State state;
            if (hash.isEmpty()) {
                state = State.MISSING;
            } else if (votes.size() == 1) {
                state = State.EQUAL;
            } else if (majority.isEmpty()) {
                state = State.DIVIDED;
            } else {
                state = majority.get().equals(hash.get().sha256()) ? State.EQUAL : State.DIFFERS;
            }
            members.put(id, new Member(state, hash));
        });
        return new StateCheck(index, majority.isPresent(), members);
    }

    /**
     * What several groups with the same members have found, the worst for each member. The index is
     * the sum of theirs, and a hash that of their hashes, in their order, with the sum of the rows.
     *
     * @param groups in their order, one at least; a single one is given back as it is
     */
    public static StateCheck ofAll(List<StateCheck> groups) {
        if (groups.size() == 1) {
            return groups.getFirst();
        }
        long index = groups.stream().mapToLong(StateCheck::index).sum();
        var members = new TreeMap<String, Member>();
        groups.forEach(group ->
                group.members.keySet().forEach(id -> members.put(id, ofAll(id, index, groups))));
        return new StateCheck(index, groups.stream().allMatch(StateCheck::decided), members);
    }

    private static Member ofAll(String id, long index, List<StateCheck> groups) {
        var states = groups.stream().map(group -> group.of(id)).toList();
        var worst =
                Stream.of(State.DIFFERS, State.DIVIDED, State.MISSING, State.EQUAL)
                        .filter(states::contains)
                        .findFirst()
                        .orElseThrow();
        var hashes =
                groups.stream()
                        .flatMap(group -> Optional.ofNullable(group.members.get(id)).stream())
                        .flatMap(it -> it.hash().stream())
                        .toList();
        return new Member(
                worst,
                hashes.size() == groups.size()
                        ? Optional.of(StateHash.ofAll(index, hashes))
                        : Optional.empty());
    }

    /** Of a member that was asked. */
    public State of(String member) {
        var known = members.get(member);
        return known == null ? State.MISSING : known.state();
    }

    /** What a member's rows were, if it has said so. */
    public Optional<String> hash(String member) {
        return Optional.ofNullable(members.get(member))
                .flatMap(Member::hash)
                .map(StateHash::sha256);
    }

    /** How many members are so. */
    public long count(State state) {
        return members.values().stream().filter(it -> it.state() == state).count();
    }
}
