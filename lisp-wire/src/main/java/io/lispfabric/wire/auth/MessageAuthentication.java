package io.lispfabric.wire.auth;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.InfoReply;
import io.lispfabric.wire.InfoRequest;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.XtrIdentity;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The MAC of Map-Register, Map-Notify and Map-Notify-Ack (RFC 9301 §5.6, §5.7), and of the
 * Info-Request and Info-Reply of NAT traversal with an algorithm that needs no salt: over the whole
 * UDP payload, with the authentication data zeroed. The RFC's parenthesis "through the end of the
 * last RLOC-Record" would leave the xTR-ID open to forgery, and deployed code covers everything: so
 * do we, but for a key that is marked {@link SharedKey#recordsOnly}.
 */
public final class MessageAuthentication {
    private static final Optional<Bytes> REGISTER_SALT = ascii("Map-Register Authentication");
    private static final Optional<Bytes> NOTIFY_SALT = ascii("Map-Notify Authentication");
    private static final Optional<Bytes> NOTIFY_ACK_SALT = ascii("Map-Notify-Ack Authentication");

    private MessageAuthentication() {}

    /** The octets of the message, authenticated with the key's strongest algorithm. */
    public static byte[] seal(LispMessage.Authenticated message, SharedKey key) {
        return seal(message, key, key.preferred(), key.preferred().length());
    }

    /**
     * The octets of the message, authenticated as its receiver is known to want it.
     *
     * @param length octets of authentication data, at most the algorithm's full length
     * @throws IllegalArgumentException when the algorithm derives a key for each message, and no
     *     document says how for a message of this type
     */
    public static byte[] seal(
            LispMessage.Authenticated message, SharedKey key, Algorithm algorithm, int length) {
        return seal(message, key, algorithm, length, 0);
    }

    /**
     * The same for a peer that also wants a certain IID mask-len in EIDs ({@link
     * LispCodec#encode(LispMessage, int)}).
     */
    public static byte[] seal(
            LispMessage.Authenticated message,
            SharedKey key,
            Algorithm algorithm,
            int length,
            int iidMaskLength) {
        if (algorithm == Algorithm.HMAC_SHA256_128_HKDF && salt(message).isEmpty()) {
            throw new IllegalArgumentException(
                    "no salt is defined for the key derivation of this message: " + message);
        }
        var blank = new Authentication(key.keyId(), algorithm.id(), Bytes.of(new byte[length]));
        var octets = LispCodec.encode(message.with(blank), iidMaskLength);
        var mac = mac(ByteBuffer.wrap(octets), length, message, key, algorithm);
        System.arraycopy(mac, 0, octets, Authentication.DATA_OFFSET, length);
        return octets;
    }

    /**
     * Whether the holder of {@code key} sent these octets.
     *
     * @param payload the whole UDP payload that {@code message} was decoded from; it is not changed
     */
    public static boolean verify(
            LispMessage.Authenticated message, ByteBuffer payload, SharedKey key) {
        if (!fits(message, key)) {
            return false;
        }
        var authentication = message.authentication();
        var algorithm = Algorithm.of(authentication.algorithmId()).orElseThrow();
        var mac = mac(payload, authentication.data().length(), message, key, algorithm);
        return authentication.data().isStartOf(mac);
    }

    /** Whether the MAC may be one of this key, before anything is computed. */
    public static boolean fits(LispMessage.Authenticated message, SharedKey key) {
        var authentication = message.authentication();
        return authentication.keyId() == key.keyId()
                && Algorithm.of(authentication.algorithmId())
                        .filter(it -> isAccepted(it, authentication.data().length(), message, key))
                        .isPresent();
    }

    private static boolean isAccepted(
            Algorithm algorithm, int length, LispMessage.Authenticated message, SharedKey key) {
        return key.algorithms().contains(algorithm)
                && (algorithm != Algorithm.HMAC_SHA256_128_HKDF || salt(message).isPresent())
                && (length == algorithm.length()
                        || key.legacyLength() && length == algorithm.fullLength());
    }

    /** The MAC of a payload as if its authentication data, {@code length} octets, were zeros. */
    private static byte[] mac(
            ByteBuffer payload,
            int length,
            LispMessage.Authenticated message,
            SharedKey key,
            Algorithm algorithm) {
        int covered = payload.remaining() - (key.recordsOnly() ? trailer(message) : 0);
        return mac(payload, covered, length, message.nonce(), salt(message), key, algorithm);
    }

    /** The same for a Map-Notify, of which the first {@code covered} octets count. */
    static byte[] macOfNotify(
            ByteBuffer payload,
            int covered,
            int length,
            Nonce nonce,
            SharedKey key,
            Algorithm algorithm) {
        return mac(payload, covered, length, nonce, NOTIFY_SALT, key, algorithm);
    }

    private static byte[] mac(
            ByteBuffer payload,
            int covered,
            int length,
            Nonce nonce,
            Optional<Bytes> salt,
            SharedKey key,
            Algorithm algorithm) {
        var hmac =
                switch (algorithm) {
                    case HMAC_SHA1_96 -> Hmac.sha1().key(key.secret());
                    case HMAC_SHA256_128 -> Hmac.sha256().key(key.secret());
                    case HMAC_SHA256_128_HKDF ->
                            Hmac.sha256().key(messageKey(nonce, salt.orElseThrow(), key));
                };
        return hmac.updateWithout(payload, covered, Authentication.DATA_OFFSET, length).mac();
    }

    /** How many octets stand after the last record: xTR-ID and Site-ID, or nothing. */
    private static int trailer(LispMessage.Authenticated message) {
        boolean ids =
                switch (message) {
                    case MapRegister it -> it.identity().isPresent();
                    case MapNotify it -> it.recipient().isPresent();
                    case MapNotifyAck it -> it.recipient().isPresent();
                    case InfoRequest _, InfoReply _ -> false;
                };
        return ids ? XtrIdentity.LENGTH : 0;
    }

    /**
     * per-msg-key = KDF(nonce + PSK, s), 32 octets, no info (RFC 9301 §5.6): extract, and of expand
     * the first block, which is all of them (RFC 5869 §2).
     */
    private static byte[] messageKey(Nonce nonce, Bytes salt, SharedKey key) {
        var hmac = Hmac.sha256();
        var extracted = hmac.key(salt).update(nonce.value()).update(key.secret()).mac();
        return hmac.key(extracted).update((byte) 1).mac();
    }

    /** RFC 9301 §5.6, §5.7; nothing defines one for the messages of NAT traversal. */
    private static Optional<Bytes> salt(LispMessage.Authenticated message) {
        return switch (message) {
            case MapRegister _ -> REGISTER_SALT;
            case MapNotify _ -> NOTIFY_SALT;
            case MapNotifyAck _ -> NOTIFY_ACK_SALT;
            case InfoRequest _, InfoReply _ -> Optional.empty();
        };
    }

    private static Optional<Bytes> ascii(String salt) {
        return Optional.of(Bytes.of(salt.getBytes(StandardCharsets.US_ASCII)));
    }
}
