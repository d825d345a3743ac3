package io.lispfabric.store.ratis;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * One member of one group. {@link #of} has the defaults; the {@code with…} methods change one each.
 *
 * @param group the name of the group, the same at all its members and different from all other
 *     groups'
 * @param self the id of this member
 * @param peers all members of the group, this one included; one alone is a group too
 * @param directory where this member keeps log, rows and snapshots; it belongs to this member alone
 * @param listenHost the address to listen at; empty for this member's own peer address, or for
 *     every address if that does not resolve (yet)
 * @param electionTimeoutMin how long a follower hears nothing before it asks for votes, at least
 * @param electionTimeoutMax the same, at most; a leader that hears no majority for so long steps
 *     down
 * @param submitTimeout after so long a command that was not acknowledged fails
 * @param maxUnanswered so many commands of this member may be unanswered; one more fails with
 *     OVERLOADED
 * @param snapshotEntries after so many log entries a snapshot is taken and the log before it may be
 *     dropped
 * @param segmentOctets the length of a file of the log; it is dropped as a whole
 * @param reserveOctets with less room than this left on its disk a member takes no commands; 0 for
 *     no reserve
 */
public record RatisLogConfig(
        String group,
        String self,
        List<Peer> peers,
        Path directory,
        Optional<String> listenHost,
        Duration electionTimeoutMin,
        Duration electionTimeoutMax,
        Duration submitTimeout,
        int maxUnanswered,
        long snapshotEntries,
        int segmentOctets,
        long reserveOctets) {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    /** Room for a scheduling delay on a busy machine: with less, elections happen for nothing. */
    private static final Duration ELECTION_TIMEOUT_MIN = Duration.ofMillis(500);

    private static final Duration ELECTION_TIMEOUT_MAX = Duration.ofMillis(1000);

    /** Several elections fit in. */
    private static final Duration SUBMIT_TIMEOUT = Duration.ofSeconds(10);

    private static final int MAX_UNANSWERED = 16_384;
    private static final long SNAPSHOT_ENTRIES = 10_000;
    private static final int SEGMENT_OCTETS = 8 << 20;

    /**
     * Far more than what may be under way: commands unanswered, the segments that are made in
     * advance, the rows that RocksDB has in memory.
     */
    public static final long RESERVE_OCTETS = 64 << 20;

    /**
     * A member and where the others reach it.
     *
     * @param id letters, digits, {@code . _ -}; at most 64
     * @param host a name or an address, resolved when a connection is made
     * @param port 1 to 65535; 0, for any free one, in a group of one
     */
    public record Peer(String id, String host, int port) {
        public Peer {
            checkName("a member's id", id);
            if (host.isBlank()) {
                throw new IllegalArgumentException("member " + id + " has no host");
            }
            if (port < 0 || port > 65535) {
                throw new IllegalArgumentException("member " + id + " has no port " + port);
            }
        }

        /** {@code host:port}, an IPv6 address in brackets. */
        String address() {
            return host.contains(":") ? "[" + host + "]:" + port : host + ":" + port;
        }
    }

    public RatisLogConfig {
        checkName("a group's name", group);
        peers = List.copyOf(peers);
        directory = directory.toAbsolutePath().normalize();
        var ids = new HashSet<String>();
        for (var peer : peers) {
            if (!ids.add(peer.id())) {
                throw new IllegalArgumentException("member " + peer.id() + " is there twice");
            }
            if (peer.port() == 0 && peers.size() > 1) {
                throw new IllegalArgumentException(
                        "member " + peer.id() + " needs a port: the others must find it");
            }
        }
        if (!ids.contains(self)) {
            throw new IllegalArgumentException("member " + self + " is none of " + ids);
        }
        if (electionTimeoutMin.toMillis() < 1
                || electionTimeoutMax.compareTo(electionTimeoutMin) <= 0) {
            throw new IllegalArgumentException(
                    "no election timeout: " + electionTimeoutMin + " to " + electionTimeoutMax);
        }
        if (submitTimeout.toMillis() < 1 || maxUnanswered < 1 || snapshotEntries < 1) {
            throw new IllegalArgumentException(
                    "submit timeout, unanswered commands and snapshot entries are positive");
        }
        if (reserveOctets < 0) {
            throw new IllegalArgumentException("no reserve of " + reserveOctets + " octets");
        }
        if (segmentOctets < RatisSettings.LONGEST_ENTRY) {
            throw new IllegalArgumentException(
                    "a segment has at least " + RatisSettings.LONGEST_ENTRY + " octets");
        }
    }

    /** The defaults for everything else. */
    public static RatisLogConfig of(String group, String self, List<Peer> peers, Path directory) {
        return new RatisLogConfig(
                group,
                self,
                peers,
                directory,
                Optional.empty(),
                ELECTION_TIMEOUT_MIN,
                ELECTION_TIMEOUT_MAX,
                SUBMIT_TIMEOUT,
                MAX_UNANSWERED,
                SNAPSHOT_ENTRIES,
                SEGMENT_OCTETS,
                RESERVE_OCTETS);
    }

    /**
     * A group of one, at a free port of the loopback interface: the log of a server that stands
     * alone.
     */
    public static RatisLogConfig alone(String group, String self, Path directory) {
        return of(group, self, List.of(new Peer(self, "127.0.0.1", 0)), directory);
    }

    public RatisLogConfig withListenHost(String host) {
        return but(it -> it.listenHost = Optional.of(host));
    }

    public RatisLogConfig withElectionTimeout(Duration min, Duration max) {
        return but(it -> {
            it.electionTimeoutMin = min;
            it.electionTimeoutMax = max;
        });
    }

    public RatisLogConfig withSubmit(Duration timeout, int unanswered) {
        return but(it -> {
            it.submitTimeout = timeout;
            it.maxUnanswered = unanswered;
        });
    }

    public RatisLogConfig withSnapshots(long everyEntries, int segment) {
        return but(it -> {
            it.snapshotEntries = everyEntries;
            it.segmentOctets = segment;
        });
    }

    public RatisLogConfig withReserve(long octets) {
        return but(it -> it.reserveOctets = octets);
    }

    private RatisLogConfig but(Consumer<Draft> change) {
        var draft = new Draft(this);
        change.accept(draft);
        return draft.done();
    }

    /** A copy of which some settings are changed. */
    private static final class Draft {
        private final RatisLogConfig like;
        private Optional<String> listenHost;
        private Duration electionTimeoutMin;
        private Duration electionTimeoutMax;
        private Duration submitTimeout;
        private int maxUnanswered;
        private long snapshotEntries;
        private int segmentOctets;
        private long reserveOctets;

        Draft(RatisLogConfig like) {
            this.like = like;
            this.listenHost = like.listenHost;
            this.electionTimeoutMin = like.electionTimeoutMin;
            this.electionTimeoutMax = like.electionTimeoutMax;
            this.submitTimeout = like.submitTimeout;
            this.maxUnanswered = like.maxUnanswered;
            this.snapshotEntries = like.snapshotEntries;
            this.segmentOctets = like.segmentOctets;
            this.reserveOctets = like.reserveOctets;
        }

        RatisLogConfig done() {
            return new RatisLogConfig(
                    like.group,
                    like.self,
                    like.peers,
                    like.directory,
                    listenHost,
                    electionTimeoutMin,
                    electionTimeoutMax,
                    submitTimeout,
                    maxUnanswered,
                    snapshotEntries,
                    segmentOctets,
                    reserveOctets);
        }
    }

    /** This member among the peers. */
    Peer selfPeer() {
        return peers.stream().filter(peer -> peer.id().equals(self)).findFirst().orElseThrow();
    }

    private static void checkName(String what, String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    what
                            + " has 1 to 64 letters, digits, dots, underscores and hyphens, unlike '"
                            + name
                            + "'");
        }
    }
}
