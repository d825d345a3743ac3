package io.lispfabric.store.ratis;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;

/**
 * Whether the others still count a member in. Whoever was removed while it did not run hears of
 * nobody any more, and what it has of the log may well say that it is a member. So a member without
 * a leader asks the others, until it hears of one.
 */
final class Belonging {
    private static final long ASK_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final RaftPeerId self;
    private final GroupCalls calls;
    private final AtomicBoolean asks = new AtomicBoolean();
    private volatile boolean outside;
    private volatile boolean led;
    private long askAgain = System.nanoTime(); // the keeper's alone
    private boolean toldOutside; // the keeper's alone

    Belonging(RaftPeerId self, GroupCalls calls) {
        this.self = self;
        this.calls = calls;
    }

    /** Whether it is none of the group's, as far as is known. */
    boolean isOutside() {
        return outside;
    }

    /**
     * Whether it is to be told that it is one of the group's no longer, or again: once for each,
     * however often its log was opened anew meanwhile.
     */
    boolean isNews(boolean isOutside) {
        boolean news = isOutside != toldOutside;
        toldOutside = isOutside;
        return news;
    }

    /** A leader has refused its part in an election, as it refuses nobody of the group. */
    void refused() {
        outside = true;
    }

    /**
     * To be called several times a second, by one thread.
     *
     * @param hasLeader whether it hears of one
     * @param known whom it takes for members
     * @param now the time, as System.nanoTime() has it
     */
    void look(boolean hasLeader, Collection<RaftPeer> known, long now) {
        led = hasLeader;
        if (hasLeader) {
            outside = false;
        } else if (now - askAgain >= 0 && asks.compareAndSet(false, true)) {
            askAgain = now + ASK_NANOS;
            Thread.ofVirtual()
                    .name("raft-belonging")
                    .start(() -> {
                        try {
                            boolean without = isOutside(self, ask(known));
                            if (without && !led) {
                                outside = true;
                            }
                        } finally {
                            asks.set(false);
                        }
                    });
        }
    }

    /** Who the members are, as each says that can be asked; also those that only others know. */
    private Map<RaftPeerId, Set<RaftPeerId>> ask(Collection<RaftPeer> known) {
        var said = new HashMap<RaftPeerId, Set<RaftPeerId>>();
        var left = new ArrayDeque<>(known);
        while (!left.isEmpty()) {
            var peer = left.remove();
            if (peer.getId().equals(self) || said.containsKey(peer.getId())) {
                continue;
            }
            try {
                var members = calls.members(peer);
                said.put(
                        peer.getId(),
                        members.stream().map(RaftPeer::getId).collect(Collectors.toSet()));
                left.addAll(members);
            } catch (IOException _) {
                said.put(peer.getId(), Set.of()); // it says nothing
            }
        }
        return said;
    }

    /**
     * Whether enough of a group without this member say that they are this group, so that the
     * change to it was agreed on, or will be: a majority of the group, and of what it was with this
     * member as well.
     */
    static boolean isOutside(RaftPeerId self, Map<RaftPeerId, Set<RaftPeerId>> said) {
        for (var group : Set.copyOf(said.values())) {
            int majority = (group.size() + 1) / 2 + 1;
            long sayers =
                    group.stream()
                            .filter(id -> group.equals(said.getOrDefault(id, Set.of())))
                            .count();
            if (!group.isEmpty()
                    && !group.contains(self)
                    && sayers >= Math.min(majority, group.size())) {
                return true;
            }
        }
        return false;
    }
}
