package io.lispfabric.conformance.bench;

import io.lispfabric.conformance.bench.ResolveBench.Registering;
import io.lispfabric.conformance.bench.ResolveBench.Target;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.MessageAuthentication;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Many xTRs that subscribe to the same, verify their Map-Notifies and acknowledge them (RFC 9437
 * §6). They are one thread at one address, told apart by their nonces.
 */
final class Subscribers implements AutoCloseable {
    /** An EID-Prefix around all EIDs of benchmarks. */
    static final Eid AROUND_ALL =
            new Eid(
                    ResolveBench.eid(0).iid(),
                    new EidPrefix(ResolveBench.eid(0).prefix().address(), 12));

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** A server that is there soon confirms one of them. */
    private static final long FIRST_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(15);

    private static final long REPEAT_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How many of them ask at once. */
    private static final int WINDOW = 64;

    /** Octets of a Map-Notify-Ack: no more than what every path carries (RFC 9301 §5). */
    private static final int LONGEST = 1280;

    /** Acks that wait, at most, while there is something to read. */
    private static final int MOST_ACKS = 256;

    private final Target target;
    private final Registering how;
    private final XtrIdentity[] xtrs;
    private final BatchSocket socket;
    private final BatchSocket.Store replies;
    private final Eid subscribed;
    private final Deque<MapNotify> unanswered = new ArrayDeque<>();
    private int replied;

    /**
     * @param site whose xTRs they are; its key is that of {@code how}
     * @param subscribed what they will subscribe to
     */
    Subscribers(Target target, Registering how, SiteId site, int count, Eid subscribed)
            throws IOException {
        this.target = target;
        this.how = how;
        this.subscribed = subscribed;
        this.xtrs = new XtrIdentity[count];
        var random = new Random();
        long high = random.nextLong();
        for (int i = 0; i < count; i++) {
            xtrs[i] = new XtrIdentity(new XtrId(high, i), site);
        }
        this.socket = new BatchSocket(how.from(), target.address());
        this.replies = new BatchSocket.Store(BatchSocket.BATCH, LONGEST);
    }

    int count() {
        return xtrs.length;
    }

    XtrIdentity xtr(int number) {
        return xtrs[number];
    }

    Eid subscribed() {
        return subscribed;
    }

    /** Where they are. */
    InetAddress address() throws IOException {
        return socket.localAddress().getAddress();
    }

    /** Whether nothing that has come waits for its Ack. */
    boolean haveAcknowledged() {
        return unanswered.isEmpty();
    }

    /**
     * Asks as well as it can: what is lost is asked again.
     *
     * @param each what is heard meanwhile
     * @throws IOException when the server does not confirm a subscription
     */
    void subscribe(Consumer<MapNotify> each) throws IOException {
        var local = socket.localAddress();
        var here = Ip.of(local.getAddress());
        var confirmed = new boolean[xtrs.length];
        int done = 0;
        long end = System.nanoTime() + FIRST_PATIENCE_NANOS;
        for (int from = 0; from < xtrs.length; from += WINDOW) {
            int to = Math.min(xtrs.length, from + WINDOW);
            while (done < to) {
                for (int i = from; i < to; i++) {
                    if (!confirmed[i]) {
                        var request =
                                MapRequest.subscription(
                                        first(i),
                                        Optional.empty(),
                                        List.of(here),
                                        subscribed,
                                        xtrs[i]);
                        send(
                                LispCodec.encode(
                                        EncapsulatedControlMessage.of(
                                                here, here, local.getPort(), 4342, request)));
                    }
                }
                long again = System.nanoTime() + REPEAT_NANOS;
                while (done < to && System.nanoTime() < again) {
                    for (var notify : hear()) {
                        each.accept(notify);
                        int i = which(notify);
                        if (i >= 0 && !confirmed[i]) {
                            confirmed[i] = true;
                            done++;
                            end = System.nanoTime() + PATIENCE_NANOS;
                        }
                    }
                }
                if (System.nanoTime() > end) {
                    throw new IOException(
                            target.name()
                                    + " has confirmed "
                                    + done
                                    + " of "
                                    + xtrs.length
                                    + " subscriptions, and then no more"
                                    + (done == 0 ? ": is it there, and the key right?" : ""));
                }
            }
        }
        long quiet = System.nanoTime() + REPEAT_NANOS;
        while (System.nanoTime() < quiet) {
            hear().forEach(each); // one is in force once its Ack is committed
        }
    }

    private static Nonce first(int subscriber) {
        return new Nonce((long) subscriber << 32 | 1);
    }

    /** To which of them, or -1. */
    int which(MapNotify notify) {
        int first = (int) (notify.nonce().value() >>> 32);
        return first >= 0 && first < xtrs.length ? first : -1;
    }

    /** Which of the EIDs it is about, or -1. */
    static int number(MappingRecord record) {
        return record.eid().prefix().length() == Integer.SIZE
                        && record.eid().prefix().address() instanceof LispAddress.Ipv4(int value)
                        && ResolveBench.eid(0).prefix().address()
                                instanceof LispAddress.Ipv4(int first)
                ? value - first
                : -1;
    }

    /** Sends from where they are, waiting while the kernel has no room. */
    void send(byte[] message) throws IOException {
        try (var store = new BatchSocket.Store(1, Math.max(message.length, 1))) {
            store.put(0, message);
            while (socket.send(store, 0, 1) == 0) {
                LockSupport.parkNanos(10_000);
            }
        }
    }

    /**
     * The Map-Notifies that have come and are right. What is to be acknowledged, is when there is
     * nothing to read: xTRs of their own would not have to wait for each other.
     */
    List<MapNotify> hear() {
        int count = socket.receive();
        if (count == 0 || unanswered.size() >= MOST_ACKS) {
            while (!unanswered.isEmpty()) {
                for (int i = 0; i < BatchSocket.BATCH && !unanswered.isEmpty(); i++) {
                    acknowledge(unanswered.remove());
                }
                flush();
            }
        }
        if (count == 0) {
            LockSupport.parkNanos(10_000);
            return List.of();
        }
        var heard = new MapNotify[count];
        int right = 0;
        for (int i = 0; i < count; i++) {
            var octets = socket.datagram(i);
            if (LispCodec.decode(octets) instanceof Decoded.Message(MapNotify notify)
                    && MessageAuthentication.verify(notify, octets, how.key())) {
                heard[right++] = notify;
                if (which(notify) >= 0) {
                    unanswered.add(notify);
                }
            }
        }
        return Arrays.asList(heard).subList(0, right);
    }

    private void acknowledge(MapNotify notify) {
        var authentication = notify.authentication();
        var ack =
                new MapNotifyAck(
                        notify.nonce(), authentication, notify.records(), notify.recipient());
        replies.put(
                replied++,
                MessageAuthentication.seal(
                        ack,
                        how.key(),
                        Algorithm.of(authentication.algorithmId()).orElseThrow(),
                        authentication.data().length()));
    }

    private void flush() {
        for (int sent = 0; sent < replied; ) {
            sent += socket.send(replies, sent, replied - sent);
        }
        replied = 0;
    }

    @Override
    public void close() {
        replies.close();
        socket.close();
    }
}
