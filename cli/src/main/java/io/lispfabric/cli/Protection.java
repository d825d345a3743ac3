package io.lispfabric.cli;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.auth.Guard;
import io.lispfabric.wire.auth.LispSecHmac;
import io.lispfabric.wire.auth.LispSecKdf;
import io.lispfabric.wire.auth.OneTimeKey;
import io.lispfabric.wire.auth.SharedKey;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;

/** LISP-SEC as an ITR does it (RFC 9303): what a question is sent with, and whom to believe. */
final class Protection {
    private static final List<LispSecHmac> HMACS = LispSecHmac.BY_PREFERENCE;
    private static final List<LispSecKdf> KDFS = LispSecKdf.BY_PREFERENCE;

    private final SharedKey key;
    private final Random random = new SecureRandom();
    private final Map<String, Integer> disbelieved = new LinkedHashMap<>();
    private int otherHmacs;
    private int otherKdfs;

    /**
     * @param key shared with the Map-Resolver
     */
    Protection(SharedKey key) {
        this.key = key;
    }

    /** Another question begins: what was not believed before has nothing to do with it. */
    void begin() {
        disbelieved.clear();
    }

    /** For one transmission: with a key that nobody has used (RFC 9303 §7.2). */
    Guard draw() {
        var octets = new byte[OneTimeKey.LENGTH];
        random.nextBytes(octets);
        return new Guard(
                new OneTimeKey(Bytes.of(octets)),
                key,
                HMACS.get(otherHmacs % HMACS.size()),
                KDFS.get(otherKdfs % KDFS.size()));
    }

    /**
     * The answer with what is vouched for in it (RFC 9303 §6.9); nothing if that is nothing. What
     * is not believed counts as if it had not come, or else a stranger could end a question.
     *
     * @param payload what {@code reply} was decoded from
     */
    Optional<MapReply> believed(Guard guard, MapReply reply, ByteBuffer payload) {
        return switch (guard.judge(reply, payload)) {
            case UNPROTECTED -> disbelieved("not signed" + action(reply));
            case OTHER_HMAC -> {
                otherHmacs++; // RFC 9303 §6.9: the next question asks for another
                yield disbelieved("signed with another HMAC than was asked for");
            }
            case OTHER_KDF -> {
                otherKdfs++;
                yield disbelieved("signed with a key of another KDF than was asked for");
            }
            case FORGED -> disbelieved("with a wrong signature");
            case GENUINE -> {
                var vouched = reply.authenticationData().orElseThrow().eid();
                var records =
                        reply.records().stream()
                                .filter(it -> vouched.vouchesFor(it.eid()))
                                .toList();
                if (records.size() < reply.records().size()) {
                    var _ = disbelieved("of EIDs that the Map-Server does not vouch for");
                }
                yield records.isEmpty()
                        ? Optional.empty()
                        : Optional.of(
                                new MapReply(
                                        reply.probe(),
                                        reply.echoNonce(),
                                        reply.nonce(),
                                        records,
                                        reply.authenticationData()));
            }
        };
    }

    /** A Map-Server that does not know the secret cannot sign what it refuses (RFC 9437 §5). */
    private static String action(MapReply reply) {
        return reply.records().stream()
                .filter(MappingRecord::isNegative)
                .findFirst()
                .map(it -> " (" + it.action().label() + ")")
                .orElse("");
    }

    private Optional<MapReply> disbelieved(String why) {
        disbelieved.merge(why, 1, Integer::sum);
        return Optional.empty();
    }

    /** What came and was not believed, in words; nothing if nothing did. */
    Optional<String> disbelief() {
        return disbelieved.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "by LISP-SEC not to be believed: "
                                + disbelieved.entrySet().stream()
                                        .map(it -> replies(it.getValue()) + " " + it.getKey())
                                        .collect(Collectors.joining(", ")));
    }

    private static String replies(int count) {
        return count == 1 ? "a Map-Reply" : count + " Map-Replies";
    }
}
