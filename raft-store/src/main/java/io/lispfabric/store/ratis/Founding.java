package io.lispfabric.store.ratis;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.apache.ratis.protocol.RaftPeer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a member with an empty directory comes to its log. It may be one of a new group; or it may
 * have lost its disk and with it what it has promised, and a vote of such a member could undo what
 * the group has acknowledged. It cannot tell by itself. So it runs its server without the group,
 * which neither votes nor is counted, until someone else gives it a log:
 *
 * <ul>
 *   <li>A group begins once, when <em>all</em> its members run and have no log: the one whose id
 *       comes first then gives one to each. Of a member with several groups not every one is open
 *       at all times; but it is in one at least if it has any log ({@link RaftPort}), and has none
 *       if it is in no other groups than those that this one has just founded itself.
 *   <li>Later the leader gives one to a member that is added.
 * </ul>
 */
final class Founding {
    private static final Logger LOG = LoggerFactory.getLogger(Founding.class);

    /** The founder of a group has its own log first and gives one to all others right then. */
    private static final Duration SPREADING = Duration.ofSeconds(5);

    private final RatisLogConfig config;
    private final MemberDirectory home;
    private final GroupCalls calls;
    private final RaftPeer self;
    private final List<RaftPeer> others;
    private final boolean founder;
    private volatile String waits;
    private boolean warned;

    /** Since when another member does not take a log; at first it may not have begun itself. */
    private OptionalLong refusedSince = OptionalLong.empty();

    /** Since when it knows that another member has a log; the keeper's alone. */
    private OptionalLong countedSince = OptionalLong.empty();

    Founding(RatisLogConfig config, MemberDirectory home, GroupCalls calls) {
        this.config = config;
        this.home = home;
        this.calls = calls;
        var peers = new ArrayList<>(RaftHost.raftPeers(config));
        peers.sort(Comparator.comparing(peer -> peer.getId().toString()));
        this.founder = peers.getFirst().getId().toString().equals(config.self());
        this.self =
                peers.stream()
                        .filter(peer -> peer.getId().toString().equals(config.self()))
                        .findFirst()
                        .orElseThrow();
        peers.remove(self);
        this.others = List.copyOf(peers);
        this.waits = "it has no log yet and asks the other members whether they have one";
    }

    /** In a sentence, what a member without a log waits for, and what to do if anything. */
    String waits() {
        return waits;
    }

    /**
     * Without a log: asks all others, and founds the group if that is right.
     *
     * @throws IOException if it could not be founded although it is right
     */
    void look() throws IOException {
        var silent = new ArrayList<String>();
        for (var other : others) {
            try {
                var open = calls.groups(other);
                if (open.contains(home.group())) {
                    waits = outside(other);
                    return;
                }
                if (!open.isEmpty() && open.stream().noneMatch(home.groups()::contains)) {
                    waits =
                            "it has no log, and "
                                    + other.getId()
                                    + " belongs to another cluster, or runs with another number of"
                                    + " groups than "
                                    + home.groups().size()
                                    + " (cluster.groups)";
                    return;
                }
                if (founder && !home.founded().containsAll(open)) {
                    waits = outsideOfOthers(other);
                    return;
                }
            } catch (IOException e) {
                LOG.debug("{} does not say whether it has a log", other.getId(), e);
                silent.add(other.getId().toString());
            }
        }
        if (!silent.isEmpty()) {
            waits =
                    "it has no log, and the group may be new: that is certain once "
                            + String.join(" and ", silent)
                            + (silent.size() == 1 ? " has" : " have")
                            + " answered";
        } else if (founder) {
            home.mark(MemberDirectory.FOUNDING);
            home.markFounder();
            calls.begin(self, RaftHost.raftPeers(config));
        } else {
            waits = "the group is new: it begins as soon as all members have heard of each other";
        }
    }

    private String outside(RaftPeer other) throws IOException {
        var members =
                calls.members(other).stream()
                        .map(peer -> peer.getId().toString())
                        .collect(Collectors.toSet());
        var address = config.selfPeer().address();
        boolean counted = members.contains(config.self());
        if (countedSince.isEmpty()) {
            countedSince = OptionalLong.of(System.nanoTime());
        }
        if (counted && System.nanoTime() - countedSince.getAsLong() < SPREADING.toNanos()) {
            return "other members have a log, and it is to get one if the group is new";
        }
        return counted
                ? "its data directory "
                        + config.directory()
                        + " is empty, but the group has a log and counts on it: what it had"
                        + " promised is lost with its disk, so it neither votes nor answers."
                        + " Remove it (lispctl member remove "
                        + config.self()
                        + "), give it another name here, start it, and add it (lispctl member add"
                        + " NAME "
                        + address
                        + ")"
                : "the group has a log and "
                        + config.self()
                        + " is no member of it: add it (lispctl member add "
                        + config.self()
                        + " "
                        + address
                        + "), under another name if a member "
                        + config.self()
                        + " was removed before";
    }

    /** The other one may have the log of this group too, and not open it at present. */
    private String outsideOfOthers(RaftPeer other) {
        return "it has no log, but "
                + other.getId()
                + " has one of another of the "
                + home.groups().size()
                + " groups, which "
                + config.self()
                + " did not found: so this group is not new, and begins or goes on without "
                + config.self()
                + " until all groups of "
                + other.getId()
                + " are open and say more";
    }

    private void begin(RaftPeer other) throws IOException {
        try {
            calls.begin(other, RaftHost.raftPeers(config));
        } catch (IOException e) {
            long now = System.nanoTime();
            if (refusedSince.isEmpty()) {
                refusedSince = OptionalLong.of(now);
            }
            if (!warned && now - refusedSince.getAsLong() > SPREADING.toNanos()) {
                warned = true;
                LOG.warn(
                        "{} does not take the log of a group: is it {} groups"
                                + " (cluster.groups) there as well?",
                        other.getId(),
                        home.groups().size());
            }
            throw e;
        }
    }

    /** With a log, if it founded the group: gives one to all others that have none. */
    void spread() throws IOException {
        for (var other : others) {
            if (!calls.hasLog(other)) {
                begin(other);
            }
        }
        home.unmark(MemberDirectory.FOUNDING);
        LOG.info("the group {} is founded", config.group());
    }
}
