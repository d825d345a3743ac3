package io.lispfabric.server.app;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.MappingSystem;
import io.lispfabric.server.core.Registration;
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
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.SharedExtension;
import io.lispfabric.wire.udp.Datagram;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * All that a packet can cause. It runs on the socket's loop alone: what arrives is decoded,
 * authenticated and answered from the current state, or submitted to the log; what the log releases
 * comes back here and is sent.
 */
final class ControlPlane {
    private final Shards shards;
    private final Surroundings around;
    private final Vendors vendors;
    private final MapRegisters registers;
    private final MapRequests requests;
    private final List<Duties> duties = new ArrayList<>();

    /** The group whose turn it is to have room for all that it tells. */
    private int publishesFirst;

    /**
     * @param groups what it works with in each group, by their numbers from 0
     */
    ControlPlane(List<Surroundings> groups) {
        this.shards = new Shards(groups);
        this.around = shards.first();
        this.vendors = Vendors.of(around.config().vendors());
        this.registers = new MapRegisters(shards);
        this.requests = new MapRequests(shards);
        var pace = new Pace(around.config().subscriptions().notifiesPerSecond());
        for (int i = 0; i < shards.count(); i++) {
            var publications =
                    new Publications(
                            shards.get(i),
                            pace,
                            () -> shards.sum(MappingSystem::unconfirmed),
                            requests::mayAnswer,
                            requests::charge);
            int number = i;
            var explicit =
                    around.config().subscriptions().explicit().stream()
                            .filter(it -> shards.of(it.id().prefix()) == number)
                            .toList();
            duties.add(new Duties(shards.get(i), publications, explicit));
        }
    }

    void receive(Datagram datagram) {
        switch (LispCodec.decode(datagram.payload(), vendors)) {
            case Decoded.Malformed(var flaw, var offset) -> {
                around.incidents().malformed(flaw, offset, datagram.source());
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
        if (!(message instanceof MapNotifyAck)) {
            // What was acknowledged before this came is in the log before it.
            duties.forEach(it -> it.publications().handOn());
        }
        switch (message) {
            case EncapsulatedControlMessage ecm when ecm.message() instanceof MapRequest request ->
                    requests.receive(request, from.in(ecm));
            case MapRequest request -> requests.receive(request, from);
            case MapRegister _, MapNotifyAck _
                    when around.config().role() == ServerConfig.Role.MAP_RESOLVER ->
                    around.drop(Drop.NOT_OUR_ROLE, from.address(), message.type());
            case MapRegister register -> registers.receive(register, from, payload);
            case MapNotifyAck ack -> receive(ack, from.address(), payload);
            case MapReply reply -> around.drop(Drop.MAP_REPLY, from.address(), reply.nonce());
            case EncapsulatedControlMessage _,
                    MapNotify _,
                    MapReferral _,
                    InfoRequest _,
                    InfoReply _,
                    SharedExtension _ ->
                    around.metrics().dropped(Drop.UNEXPECTED);
        }
    }

    private void receive(MapNotifyAck ack, Ip from, ByteBuffer payload) {
        var who = new Vouching(ack, payload, around.config().sites());
        boolean known = false;
        for (var part : shards.split(ack.records(), MappingRecord::eid).entrySet()) {
            known |= duties.get(part.getKey()).publications().receive(who, part.getValue(), from);
        }
        if (!known) {
            around.metrics().dropped(Drop.UNKNOWN_ACK);
        }
    }

    /**
     * What a committed command leads to.
     *
     * @param group whose log it was in, from 0
     * @throws RuntimeException after all of it, when one of them has met a mistake of ours: the
     *     others are for other xTRs
     * @return whether more is due now
     */
    boolean release(int group, List<Effect> effects) {
        Mistakes.afterAll(effects, it -> release(group, duties.get(group), it));
        return duties.get(group).publish(Publications.BATCH) >= Publications.BATCH;
    }

    private void release(int group, Duties at, Effect effect) {
        switch (effect) {
            case Effect.Answer answer when around.isOurs(answer.origin()) ->
                    registers.answer(group, answer);
            case Effect.Heard heard -> at.onHeard(heard);
            case Effect.Refreshed refreshed -> {
                at.onRefreshed(refreshed);
                if (around.isOurs(refreshed.origin())) {
                    registers.refreshed(group, refreshed);
                }
            }
            case Effect.Unfit unfit when around.isOurs(unfit.origin()) ->
                    registers.unfit(group, unfit);
            case Effect.NotSubscribed(var asked) when asked.origin() == around.origin() ->
                    requests.onNotSubscribed(asked);
            case Effect.NotAuthenticated(var asked) when asked.origin() == around.origin() ->
                    requests.onNotAuthenticated(asked);
            case Effect.Replayed(var heardBy, var who, var nonce) when around.isOurs(heardBy) -> {
                registers.replayed(group, who, nonce);
                around.drop(Drop.REPLAYED, who, nonce);
            }
            case Effect.Crowded(var heardBy, var who, var eid) when around.isOurs(heardBy) ->
                    around.drop(Drop.TOO_MANY_XTRS, who, eid);
            case Effect.Conflicting(var heardBy, var who, var eid) when around.isOurs(heardBy) ->
                    around.drop(Drop.PREFIX_CONFLICT, who, eid);
            case Effect.Outdated(var heardBy, var who, var eid) when around.isOurs(heardBy) ->
                    around.drop(Drop.OUTDATED, who, eid);
            case Effect.Publish publish when at.lead() -> at.publications().onPublish(publish);
            case Effect.Dismiss(
                            var credentials,
                            var recipient,
                            var to,
                            var port,
                            var nonce,
                            var record)
                    when at.lead() ->
                    requests.charge(
                            to,
                            around.outbox()
                                    .sendNotify(
                                            credentials,
                                            recipient,
                                            to,
                                            port,
                                            nonce,
                                            List.of(record)));
            case Effect _ -> {} // another replica's to do
        }
    }

    /** This member leads a group from now on, or no longer. */
    void lead(int group, boolean leading) {
        duties.get(group).lead(leading);
    }

    /**
     * Sends what is due, of all groups together no more than one may send at once. Called often.
     *
     * @return whether more is due now
     */
    boolean publish() {
        int left = Publications.BATCH;
        int first = publishesFirst;
        publishesFirst = (first + 1) % duties.size();
        for (int i = 0; i < duties.size(); i++) {
            left -= Math.min(left, duties.get((first + i) % duties.size()).publish(left));
        }
        return left == 0;
    }

    /** Whether an acknowledgement has made room for more that is to be published. */
    boolean isReady() {
        return duties.stream().anyMatch(it -> it.publications().isReady());
    }

    /** Goes on with what takes long, a part at a time. Called often. */
    void goOn() {
        duties.forEach(Duties::goOn);
        registers.goOn();
    }

    /** Lets go of what was not refreshed, or has an end. Called every second or so. */
    void expire() {
        duties.forEach(Duties::expire);
    }

    /**
     * How long a registration of an EID will last unless it is refreshed; empty when this member
     * does not lead its group, and so does not know. Any thread may ask.
     */
    Optional<Duration> left(Eid eid, Registration it) {
        return duties.get(shards.of(eid)).left(it);
    }

    /** How many leases this member counts the time of: none unless it leads. Any thread may ask. */
    int leases() {
        return duties.stream().mapToInt(Duties::leases).sum();
    }

    /** How many Map-Notifies wait for their acknowledgement. */
    int outstanding() {
        return duties.stream().mapToInt(it -> it.publications().outstanding()).sum();
    }
}
