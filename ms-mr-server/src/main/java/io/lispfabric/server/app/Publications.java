package io.lispfabric.server.app;

import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.Listener;
import io.lispfabric.server.core.Publisher;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.udp.UdpEndpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.function.ObjIntConsumer;
import java.util.function.Predicate;

/**
 * Map-Notifies that are repeated until acknowledged, while this member leads (RFC 9301 §5.7, RFC
 * 9437 §6).
 */
final class Publications {
    /**
     * How many are sent before the socket is read again: no more than one read fetches, or the
     * acknowledgements, as fast as they may come, would not find room there.
     */
    static final int BATCH = UdpEndpoint.BATCH;

    /** How many acknowledgements one command holds; its octets are far below what a log takes. */
    private static final int RECEIPTS = 256;

    /**
     * Commands that give something up and may be on their way through the log: thousands of xTRs
     * may fall silent together, and what others say shall not have to wait for that.
     */
    private static final int MOST_SURRENDERS = 256;

    /**
     * How many listeners of a group one Map-Notify-Ack is looked for among after its first record:
     * its 255 records may each be about an EID-Prefix that thousands of xTRs, who count alike, have
     * been told of.
     */
    private static final int MOST_SOUGHT = 4_096;

    /**
     * Of so many and more that count alike, an acknowledgement is sought only if it has the key of
     * one of the first: whoever has none shall not have thousands looked at.
     */
    private static final int CROWD = 16;

    private final AtomicInteger surrenders = new AtomicInteger();
    private final Surroundings around;
    private final Publisher publisher;
    private final Pace pace;
    private final Predicate<Ip> mayAnswer;
    private final ObjIntConsumer<Ip> charge;
    private final List<Command.Receipt> receipts = new ArrayList<>();
    private boolean leads;

    /** Whose the Map-Notify-Ack is that is being read, as far as one was found. */
    private Optional<Listener> lastAuthor = Optional.empty();

    /**
     * @param pace what all groups tell together
     * @param unconfirmed how many subscriptions of all groups wait for their confirmation
     * @param mayAnswer whether an address may get one more answer now that it has perhaps not asked
     *     for
     * @param charge what such an answer is worth by its octets
     */
    Publications(
            Surroundings around,
            Pace pace,
            IntSupplier unconfirmed,
            Predicate<Ip> mayAnswer,
            ObjIntConsumer<Ip> charge) {
        this.around = around;
        int half = around.config().subscriptions().room().mostUnconfirmed() / 2;
        this.publisher =
                new Publisher(() -> unconfirmed.getAsInt() > half, around.config()::newsRoom);
        this.pace = pace;
        this.mayAnswer = mayAnswer;
        this.charge = charge;
    }

    boolean leads() {
        return leads;
    }

    void lead(boolean leading) {
        leads = leading;
        if (leading) {
            publisher.onLeading(around.state(), around.now());
            publish(BATCH);
        } else {
            publisher.onFollowing();
        }
    }

    /**
     * Sends what is due, but not so much that the socket is not read for long, and hands on what
     * has been acknowledged. Called often.
     *
     * @param most how many, up to {@link #BATCH}
     * @return how many; if as many as that, more may be due now
     */
    int publish(int most) {
        handOn();
        if (!leads) {
            return 0;
        }
        var now = around.now();
        var todo = publisher.poll(now, around.state(), pace.allows(most, now));
        pace.spend(todo.size());
        Mistakes.afterAll(todo, this::perform);
        return todo.size();
    }

    private void perform(Publisher.Due due) {
        switch (due) {
            case Publisher.Due.Send(
                            var credentials,
                            var recipient,
                            var to,
                            var port,
                            var nonce,
                            var records,
                            var confirms,
                            var again) -> {
                // Until it is acknowledged, nothing says that this address has asked for it.
                if (again && confirms && !mayAnswer.test(to)) {
                    around.metrics().dropped(Drop.RATE_LIMITED);
                    return;
                }
                if (again) {
                    around.metrics().retransmitted();
                }
                int octets =
                        around.outbox()
                                .sendNotify(credentials, recipient, to, port, nonce, records);
                if (confirms) {
                    charge.accept(to, octets);
                }
            }
            case Publisher.Due.Surrender(var command) -> surrender(command);
            case Publisher.Due.Renew(var command) -> around.submit(command);
        }
    }

    /** What finds no room is tried again, as if the log had lost it. */
    private void surrender(Command.GiveUp command) {
        if (surrenders.get() < MOST_SURRENDERS) {
            surrenders.incrementAndGet();
            around.submit(command, _ -> surrenders.decrementAndGet());
        }
    }

    /** A Map-Notify is to be told from now on. */
    void onPublish(Effect.Publish publish) {
        publisher.onPublish(publish, around.state(), around.now());
    }

    /**
     * @param who whose it is
     * @param records those of its records that are about EIDs of the group
     * @param from where it came from
     * @return whether it acknowledges anything
     */
    boolean receive(Vouching who, List<MappingRecord> records, Ip from) {
        var ack = who.ack();
        lastAuthor = Optional.empty();
        boolean known = false;
        int sought = 0;
        for (var record : records) {
            var some = publisher.awaiting(ack.nonce(), record.eid(), CROWD);
            if (some.size() == CROWD
                    && some.stream().noneMatch(it -> author(who, it).isPresent())) {
                break; // all its records are under one key
            }
            var awaiting =
                    some.size() < CROWD ? some : publisher.awaiting(ack.nonce(), record.eid());
            sought += awaiting.size();
            if (sought > Math.max(MOST_SOUGHT, awaiting.size())) {
                break;
            }
            for (var awaited : senders(awaiting, from)) {
                var listener = author(who, awaited);
                if (listener.isPresent()) {
                    known = true;
                    publisher.onHeard(awaited, listener.get(), from, around.now());
                    // It is no longer repeated once the state says so, and not before: were this
                    // command lost, the repetition would bring the next acknowledgement. So nobody
                    // waits for it, and it may wait for others.
                    receipts.add(awaited.receipt());
                    if (receipts.size() == RECEIPTS) {
                        handOn();
                    }
                }
            }
        }
        return known;
    }

    /** The listener whose acknowledgement is awaited, if this one is under a key of it. */
    private Optional<Listener> author(Vouching who, Publisher.Awaited awaited) {
        // What was told together was told to one.
        if (lastAuthor.filter(it -> it.id().equals(awaited.listener())).isEmpty()) {
            lastAuthor =
                    publisher
                            .listener(awaited, around.state())
                            .filter(it -> who.isFor(it.contact(who.ack().nonce()).credentials()));
        }
        return lastAuthor;
    }

    /** Gives the log what has been acknowledged since the last time. */
    void handOn() {
        if (!receipts.isEmpty()) {
            around.submit(new Command.Acknowledge(List.copyOf(receipts)));
            receipts.clear();
        }
    }

    /**
     * Whose it may be. The xTRs of a site share keys, and nothing keeps their nonces apart: of
     * several that have been told the same under one nonce, it is the one at that address.
     */
    private List<Publisher.Awaited> senders(List<Publisher.Awaited> awaiting, Ip from) {
        return awaiting.size() == 1
                ? awaiting
                : awaiting.stream()
                        .filter(it ->
                                publisher
                                        .listener(it, around.state())
                                        .filter(listener -> listener.isAt(from))
                                        .isPresent())
                        .toList();
    }

    /** Whether something may be sent now. */
    boolean isReady() {
        return publisher.isReady();
    }

    /** How many Map-Notifies wait for their acknowledgement. */
    int outstanding() {
        return publisher.outstanding();
    }
}
