package io.lispfabric.wire.auth;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.Authentication;
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
import org.bouncycastle.crypto.generators.HKDFBytesGenerator;
import org.bouncycastle.crypto.macs.HMac;
import org.bouncycastle.crypto.params.HKDFParameters;
import org.bouncycastle.crypto.params.KeyParameter;

/**
 * The MAC of Map-Register, Map-Notify and Map-Notify-Ack (RFC 9301 §5.6, §5.7): over the whole UDP
 * payload, with the authentication data zeroed. The RFC's parenthesis "through the end of the last
 * RLOC-Record" would leave the xTR-ID open to forgery, and deployed code covers everything: so do
 * we.
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
        var authentication = message.authentication();
        var algorithm = accepted(authentication, key);
        if (algorithm.isEmpty()) {
            return false;
        }
        int length = authentication.data().length();
        var octets = Bytes.of(payload).toArray();
        Arrays.fill(
                octets, Authentication.DATA_OFFSET, Authentication.DATA_OFFSET + length, (byte) 0);
        var mac = mac(octets, message, key, algorithm.get());
        // Every octet is compared, in constant time, whatever the first ones are.
        return MessageDigest.isEqual(Arrays.copyOf(mac, length), authentication.data().toArray());
    }

    private static Optional<Algorithm> accepted(Authentication authentication, SharedKey key) {
        int length = authentication.data().length();
        return Algorithm.of(authentication.algorithmId())
                .filter(_ -> authentication.keyId() == key.keyId())
                .filter(key.algorithms()::contains)
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
                            messageKey(message.nonce(), salt(message), key),
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
        var hkdf = new HKDFBytesGenerator(new SHA256Digest());
        hkdf.init(
                new HKDFParameters(
                        material.array(), salt.getBytes(StandardCharsets.US_ASCII), new byte[0]));
        var derived = new byte[32];
        hkdf.generateBytes(derived, 0, derived.length);
        return derived;
    }

    private static String salt(LispMessage.Authenticated message) {
        return switch (message) {
            case MapRegister _ -> "Map-Register Authentication";
            case MapNotify _ -> "Map-Notify Authentication";
            case MapNotifyAck _ -> "Map-Notify-Ack Authentication";
        };
    }
}
