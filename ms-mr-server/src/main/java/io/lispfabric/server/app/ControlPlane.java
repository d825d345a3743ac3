package io.lispfabric.server.app;

import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Effect;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.InfoReply;
import io.lispfabric.wire.InfoRequest;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapReferral;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.SharedExtension;
import io.lispfabric.wire.udp.Datagram;
import java.nio.ByteBuffer;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All that a packet can cause. It runs on the socket's loop alone: what arrives is decoded,
 * authenticated and answered from the current state, or submitted to the log; what the log releases
 * comes back here and is sent.
 */
final class ControlPlane {
    private static final Logger LOG = LoggerFactory.getLogger(ControlPlane.class);

    /** Expired registrations that one command names. */
    private static final int EXPIRE_BATCH = 512;

    private final Surroundings around;
    private final Vendors vendors;
    private final MapRegisters registers;
    private final MapRequests requests;
    private final Publications publications;

    ControlPlane(Surroundings around) {
        this.around = around;
        this.vendors = Vendors.of(around.config().vendors());
        this.registers = new MapRegisters(around);
        this.requests = new MapRequests(around);
        this.publications = new Publications(around);
    }

    void receive(Datagram datagram) {
        switch (LispCodec.decode(datagram.payload(), vendors)) {
            case Decoded.Malformed(var flaw, var offset) -> {
                around.metrics().malformed(flaw);
                LOG.debug(
                        "{} at octet {} of a datagram from {}",
                        flaw.label(),
                        offset,
                        datagram.source());
            }
            case Decoded.Message(var message) -> {
                around.metrics().received(message);
                var source = Ip.of(datagram.source().getAddress());
                receive(
                        message,
                        From.direct(source, datagram.source().getPort()),
                        datagram.payload());
            }
        }
    }

    private void receive(LispMessage message, From from, ByteBuffer payload) {
        switch (message) {
            case EncapsulatedControlMessage ecm when ecm.message() instanceof MapRequest request ->
                    requests.receive(request, from.in(ecm));
            case MapRequest request -> requests.receive(request, from);
            case MapRegister register -> registers.receive(register, from, payload);
            case MapNotifyAck ack -> publications.receive(ack, from.address(), payload);
            case EncapsulatedControlMessage _,
                    MapReply _,
                    MapNotify _,
                    MapReferral _,
                    InfoRequest _,
                    InfoReply _,
                    SharedExtension _ ->
                    around.metrics().dropped(Drop.UNEXPECTED);
        }
    }

    /** What a committed command leads to. */
    void release(List<Effect> effects) {
        for (var effect : effects) {
            switch (effect) {
                case Effect.Answer answer when answer.origin() == around.origin() ->
                        registers.answer(answer);
                case Effect.NotSubscribed(var asked) when asked.origin() == around.origin() ->
                        requests.onNotSubscribed(asked);
                case Effect.NotAuthenticated(var asked) when asked.origin() == around.origin() ->
                        requests.onNotAuthenticated(asked);
                case Effect.Replayed(var heardBy) when heardBy == around.origin() ->
                        around.metrics().dropped(Drop.REPLAYED);
                case Effect.Conflicting(var heardBy) when heardBy == around.origin() ->
                        around.metrics().dropped(Drop.PREFIX_CONFLICT);
                case Effect.Outdated(var heardBy) when heardBy == around.origin() ->
                        around.metrics().dropped(Drop.OUTDATED);
                case Effect.Publish publish when publications.leads() ->
                        publications.onPublish(publish);
                case Effect.Dismiss(
                                var credentials,
                                var recipient,
                                var to,
                                var port,
                                var nonce,
                                var record)
                        when publications.leads() ->
                        around.outbox()
                                .sendNotify(
                                        credentials, recipient, to, port, nonce, List.of(record));
                case Effect _ -> {} // another replica's to do
            }
        }
        publications.publish();
    }

    void lead(boolean leading) {
        publications.lead(leading);
    }

    /** Sends what is due. Called often. */
    void publish() {
        publications.publish();
    }

    /** Lets go of what was not refreshed, or has an end. Called every second or so. */
    void expire() {
        if (publications.leads()) {
            long now = around.millis();
            var over = around.state().dueListeners(now, EXPIRE_BATCH);
            if (!over.isEmpty()) {
                around.submit(new Command.Forget(now, over));
            }
            var due = around.state().due(now, EXPIRE_BATCH);
            if (!due.isEmpty()) {
                around.submit(
                        new Command.Expire(
                                now, around.config().subscriptions().bereaved().toMillis(), due));
            }
        }
    }

    /** How many Map-Notifies wait for their acknowledgement. */
    int outstanding() {
        return publications.outstanding();
    }
}
