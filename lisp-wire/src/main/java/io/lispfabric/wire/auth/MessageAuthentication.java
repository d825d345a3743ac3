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
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.crypto.digests.SHA1Digest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.macs.HMac;
import org.bouncycastle.crypto.params.KeyParameter;

/**
 * The MAC of Map-Register, Map-Notify and Map-Notify-Ack (RFC 9301 §5.6, §5.7), and of the
 * Info-Request and Info-Reply of NAT traversal with an algorithm that needs no salt: over the whole
 * UDP payload, with the authentication data zeroed. The RFC's parenthesis "through the end of the
 * last RLOC-Record" would leave the xTR-ID open to forgery, and deployed code covers everything: so
 * do we.
 */
public final class MessageAuthentication {
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
        var mac = mac(octets, message, key, algorithm);
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
        var algorithm = accepted(message, key);
        if (algorithm.isEmpty()) {
            return false;
        }
        int length = message.authentication().data().length();
        var octets = Bytes.of(payload).toArray();
        Arrays.fill(
                octets, Authentication.DATA_OFFSET, Authentication.DATA_OFFSET + length, (byte) 0);
        var mac = mac(octets, message, key, algorithm.get());
        // Every octet is compared, in constant time, whatever the first ones are.
        return MessageDigest.isEqual(
                Arrays.copyOf(mac, length), message.authentication().data().toArray());
    }

    private static Optional<Algorithm> accepted(LispMessage.Authenticated message, SharedKey key) {
        var authentication = message.authentication();
        int length = authentication.data().length();
        return Algorithm.of(authentication.algorithmId())
                .filter(_ -> authentication.keyId() == key.keyId())
                .filter(key.algorithms()::contains)
                .filter(it -> it != Algorithm.HMAC_SHA256_128_HKDF || salt(message).isPresent())
                .filter(it ->
                        length == it.length() || key.legacyLength() && length == it.fullLength());
    }

    private static byte[] mac(
            byte[] octets, LispMessage.Authenticated message, SharedKey key, Algorithm algorithm) {
        return switch (algorithm) {
            case HMAC_SHA1_96 -> hmac(new HMac(new SHA1Digest()), key.secret().toArray(), octets);
            case HMAC_SHA256_128 ->
                    hmac(new HMac(new SHA256Digest()), key.secret().toArray(), octets);
            case HMAC_SHA256_128_HKDF ->
                    hmac(
                            new HMac(new SHA256Digest()),
                            messageKey(message.nonce(), salt(message).orElseThrow(), key),
                            octets);
        };
    }

    private static byte[] hmac(HMac hmac, byte[] key, byte[] octets) {
        hmac.init(new KeyParameter(key));
        hmac.update(octets, 0, octets.length);
        var mac = new byte[hmac.getMacSize()];
        hmac.doFinal(mac, 0);
        return mac;
    }

    /** per-msg-key = KDF(nonce + PSK, s), 32 octets, no info (RFC 9301 §5.6, RFC 5869). */
    private static byte[] messageKey(Nonce nonce, String salt, SharedKey key) {
        var material = ByteBuffer.allocate(8 + key.secret().length());
        material.putLong(nonce.value()).put(key.secret().buffer());
        return Hkdf.derive(
                new SHA256Digest(),
                material.array(),
                salt.getBytes(StandardCharsets.US_ASCII),
                new byte[0],
                32);
    }

    /** RFC 9301 §5.6, §5.7; nothing defines one for the messages of NAT traversal. */
    private static Optional<String> salt(LispMessage.Authenticated message) {
        return switch (message) {
            case MapRegister _ -> Optional.of("Map-Register Authentication");
            case MapNotify _ -> Optional.of("Map-Notify Authentication");
            case MapNotifyAck _ -> Optional.of("Map-Notify-Ack Authentication");
            case InfoRequest _, InfoReply _ -> Optional.empty();
        };
    }
}
