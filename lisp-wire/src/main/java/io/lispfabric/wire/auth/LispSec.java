package io.lispfabric.wire.auth;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.wire.EidAd;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapReplyAd;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.OtkAd;
import io.lispfabric.wire.PktAd;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.digests.SHA1Digest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.engines.RFC3394WrapEngine;
import org.bouncycastle.crypto.macs.HMac;
import org.bouncycastle.crypto.params.KeyParameter;

/**
 * The cryptography of LISP-SEC as functions: a one-time key travels wrapped, the Map-Server vouches
 * for EID-Prefixes with it, and the one who answers signs the whole Map-Reply with a key derived
 * from it (RFC 9303 §5, §6). Who does what and when is not said here.
 */
public final class LispSec {
    private static final byte[] NOTHING = {};
    private static final int PUB_SUB_KEY_LENGTH = 32;
    private static final int FINGERPRINT_LENGTH = 16;
    private static final byte[] WRAP_LABEL = "OTK-Key-Wrap".getBytes(StandardCharsets.US_ASCII);

    private LispSec() {}

    /**
     * A one-time key for the next hop, encrypted.
     *
     * @param nonce the Map-Request's
     * @param key what this hop shares with the next; its MAC algorithms do not matter
     */
    public static OtkAd wrap(OneTimeKey otk, Nonce nonce, SharedKey key) {
        var aes = wrapping(true, nonce, key);
        var wrapped = ByteBuffer.wrap(aes.wrap(otk.secret().toArray(), 0, OneTimeKey.LENGTH));
        // RFC 9303 §6.5: the first 64 bits are the preamble, the others the key.
        return new OtkAd(
                key.keyId(),
                KeyWrap.AES_128_HKDF_SHA256.id(),
                wrapped.getLong(),
                Bytes.of(wrapped));
    }

    /** A one-time key in the clear: only for a path that DTLS protects (RFC 9303 §6.5.1). */
    public static OtkAd unprotected(OneTimeKey otk) {
        return new OtkAd(0, KeyWrap.NULL_128.id(), 0, otk.secret());
    }

    /**
     * The one-time key that a hop before wrapped; nothing when it was wrapped in another way than
     * those accepted, with another secret, or changed on its way. The whole message is then to be
     * discarded (RFC 9303 §6.5).
     *
     * @param accepted must not hold {@link KeyWrap#NULL_128} unless DTLS protects the path
     */
    public static Optional<OneTimeKey> unwrap(
            OtkAd wrapped, Nonce nonce, SharedKey key, Set<KeyWrap> accepted) {
        return KeyWrap.of(wrapped.wrappingId())
                .filter(accepted::contains)
                .flatMap(it ->
                        switch (it) {
                            case NULL_128 ->
                                    wrapped.preamble() == 0
                                            ? Optional.of(new OneTimeKey(wrapped.key()))
                                            : Optional.empty();
                            case AES_128_HKDF_SHA256 ->
                                    wrapped.keyId() == key.keyId()
                                            ? decrypted(wrapped, nonce, key)
                                            : Optional.empty();
                        });
    }

    private static Optional<OneTimeKey> decrypted(OtkAd wrapped, Nonce nonce, SharedKey key) {
        var octets =
                ByteBuffer.allocate(8 + OneTimeKey.LENGTH)
                        .putLong(wrapped.preamble())
                        .put(wrapped.key().buffer())
                        .array();
        try {
            // Bouncy Castle checks the Initialization Value, in constant time.
            var otk = wrapping(false, nonce, key).unwrap(octets, 0, octets.length);
            return Optional.of(new OneTimeKey(Bytes.of(otk)));
        } catch (InvalidCipherTextException _) {
            return Optional.empty();
        }
    }

    /** per-msg-key = KDF( nonce + "OTK-Key-Wrap" + PSK[Key ID] ), 128 bits (RFC 9303 §6.5). */
    private static RFC3394WrapEngine wrapping(boolean encrypt, Nonce nonce, SharedKey key) {
        var material =
                ByteBuffer.allocate(8 + WRAP_LABEL.length + key.secret().length())
                        .putLong(nonce.value())
                        .put(WRAP_LABEL)
                        .put(key.secret().buffer())
                        .array();
        var messageKey = Hkdf.derive(new SHA256Digest(), material, NOTHING, NOTHING, 16);
        var aes = new RFC3394WrapEngine(AESEngine.newInstance());
        aes.init(encrypt, new KeyParameter(messageKey));
        return aes;
    }

    /**
     * The MS-OTK that belongs to an ITR-OTK (RFC 9303 §6.7.1). The RFC does not say how long it is;
     * the field for it has 128 bits.
     */
    public static OneTimeKey msOtk(OneTimeKey itrOtk, LispSecKdf kdf) {
        Digest hash =
                switch (kdf) {
                    case HKDF_SHA1_128 -> new SHA1Digest();
                    case HKDF_SHA256 -> new SHA256Digest();
                };
        return new OneTimeKey(
                Bytes.of(
                        Hkdf.derive(
                                hash,
                                itrOtk.secret().toArray(),
                                NOTHING,
                                NOTHING,
                                OneTimeKey.LENGTH)));
    }

    /**
     * What a Map-Server says of the EID-Prefixes that are registered with it (RFC 9303 §6.7.1).
     *
     * @param kdf how the MS-OTK is derived
     * @param etrCantSign E: some ETR of these EIDs does not know LISP-SEC
     */
    public static EidAd vouch(
            List<Eid> prefixes,
            boolean etrCantSign,
            LispSecKdf kdf,
            LispSecHmac hmac,
            OneTimeKey itrOtk) {
        var zeros = Bytes.of(new byte[hmac.length()]);
        var blank = EidAd.of(kdf.id(), etrCantSign, hmac.id(), prefixes, zeros);
        return blank.with(Bytes.of(mac(hmac, itrOtk, blank.octets().toArray())));
    }

    /**
     * Whether a Map-Server that knew the ITR-OTK vouched for these EID-Prefixes. The EID HMAC ID is
     * taken as it is: whether it is one that was asked for is the ITR's matter. RFC 9303 §6.9 would
     * have the ITR zero that field, but §6.7.1 does not have the Map-Server do so.
     */
    public static boolean verify(EidAd data, OneTimeKey itrOtk) {
        return LispSecHmac.of(data.hmacId())
                .filter(it -> it.length() == data.hmac().length())
                .filter(it -> {
                    var octets = data.octets().toArray();
                    Arrays.fill(octets, octets.length - it.length(), octets.length, (byte) 0);
                    return MessageDigest.isEqual(mac(it, itrOtk, octets), data.hmac().toArray());
                })
                .isPresent();
    }

    /**
     * The octets of a Map-Reply with the EID-AD of its question and signed as a whole (RFC 9303
     * §6.8).
     *
     * @param reply any authentication data that it has is replaced
     */
    public static byte[] seal(MapReply reply, EidAd eid, LispSecHmac hmac, OneTimeKey msOtk) {
        return LispCodec.encode(sign(reply, eid, hmac, msOtk));
    }

    /** The Map-Reply that {@link #seal} gives the octets of. */
    public static MapReply sign(MapReply reply, EidAd eid, LispSecHmac hmac, OneTimeKey msOtk) {
        var blank = with(reply, eid, hmac, Bytes.of(new byte[hmac.length()]));
        return with(reply, eid, hmac, Bytes.of(mac(hmac, msOtk, LispCodec.encode(blank))));
    }

    private static MapReply with(MapReply reply, EidAd eid, LispSecHmac hmac, Bytes mac) {
        return new MapReply(
                reply.probe(),
                reply.echoNonce(),
                reply.nonce(),
                reply.records(),
                Optional.of(new MapReplyAd(eid, new PktAd(hmac.id(), mac))));
    }

    /**
     * Whether someone who knew the MS-OTK sent these octets.
     *
     * @param payload the whole UDP payload that {@code reply} was decoded from; it is not changed
     */
    public static boolean verify(MapReply reply, ByteBuffer payload, OneTimeKey msOtk) {
        return reply.authenticationData()
                .map(MapReplyAd::packet)
                .filter(it -> verify(it, payload, msOtk))
                .isPresent();
    }

    private static boolean verify(PktAd data, ByteBuffer payload, OneTimeKey msOtk) {
        var hmac = LispSecHmac.of(data.hmacId());
        if (hmac.isEmpty() || hmac.get().length() != data.hmac().length()) {
            return false;
        }
        var octets = Bytes.of(payload).toArray();
        Arrays.fill(octets, octets.length - data.hmac().length(), octets.length, (byte) 0);
        return MessageDigest.isEqual(mac(hmac.get(), msOtk, octets), data.hmac().toArray());
    }

    /**
     * The secret of the security association that a protected subscription makes: PubSubKey = KDF(
     * OTK + nonce ), with the KDF of the wrapping AES-KEY-WRAP-128+HKDF-SHA256 (RFC 9437 §7.1). How
     * long it is no text says: as long as what the hash gives.
     *
     * @param nonce the Map-Request's
     * @return 32 octets
     */
    public static Bytes pubSubKey(OneTimeKey itrOtk, Nonce nonce) {
        var material =
                ByteBuffer.allocate(OneTimeKey.LENGTH + 8)
                        .put(itrOtk.secret().buffer())
                        .putLong(nonce.value())
                        .array();
        return Bytes.of(
                Hkdf.derive(new SHA256Digest(), material, NOTHING, NOTHING, PUB_SUB_KEY_LENGTH));
    }

    /**
     * What a one-time key can be recognised by when it comes again, and not be found from: the
     * first 16 octets of its SHA-256 (RFC 9437 §7.1).
     */
    public static Bytes fingerprint(OneTimeKey otk) {
        var hash = new SHA256Digest();
        hash.update(otk.secret().toArray(), 0, OneTimeKey.LENGTH);
        var digest = new byte[hash.getDigestSize()];
        hash.doFinal(digest, 0);
        return Bytes.of(Arrays.copyOf(digest, FINGERPRINT_LENGTH));
    }

    private static byte[] mac(LispSecHmac algorithm, OneTimeKey key, byte[] octets) {
        var hmac =
                new HMac(
                        switch (algorithm) {
                            case SHA1_96 -> new SHA1Digest();
                            case SHA256_128 -> new SHA256Digest();
                        });
        hmac.init(new KeyParameter(key.secret().toArray()));
        hmac.update(octets, 0, octets.length);
        var mac = new byte[hmac.getMacSize()];
        hmac.doFinal(mac, 0);
        return Arrays.copyOf(mac, algorithm.length());
    }
}
