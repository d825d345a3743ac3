package io.lispfabric.conformance.bench;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.EnumSet;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The MAC of a Map-Register, and beside it the bare HMAC of the same octets with the same key. */
@State(Scope.Thread)
public class AuthenticationBench {
    private static final byte[] SECRET = new byte[32];

    /** Records of the message: 1 makes it 96 octets long, 30 make 1256. */
    @Param({"1", "30"})
    public int records = 1;

    private SharedKey key = key(Algorithm.HMAC_SHA256_128);
    private SharedKey hkdfKey = key(Algorithm.HMAC_SHA256_128_HKDF);
    private MapRegister message = Samples.tenant(1);
    private MapRegister hkdfMessage = message;
    private ByteBuffer payload = ByteBuffer.allocate(0);
    private ByteBuffer hkdfPayload = payload;
    private byte[] octets = new byte[0];
    private byte[] digest = new byte[32];
    private Mac bare = mac();
    private Mac derive = mac();

    /** Seals the messages that are verified. */
    @Setup
    public void seal() {
        var unsealed = Samples.tenant(records);
        payload = ByteBuffer.wrap(MessageAuthentication.seal(unsealed, key));
        message = (MapRegister) decoded(payload);
        hkdfPayload = ByteBuffer.wrap(MessageAuthentication.seal(unsealed, hkdfKey));
        hkdfMessage = (MapRegister) decoded(hkdfPayload);
        octets = payload.array().clone();
        if (!verify() || !verifyHkdf()) {
            throw new IllegalStateException("what was sealed does not verify");
        }
    }

    /** HMAC-SHA-256 of the octets by the JDK, keyed beforehand: what cannot be done without. */
    @Benchmark
    public byte[] bareHmac() throws GeneralSecurityException {
        bare.update(octets);
        bare.doFinal(digest, 0);
        return digest;
    }

    /** Algorithm 2: HMAC-SHA-256-128 of a message that came. */
    @Benchmark
    public boolean verify() {
        return MessageAuthentication.verify(message, payload, key);
    }

    /** Algorithm 2: the message encoded, then its HMAC-SHA-256-128. */
    @Benchmark
    public byte[] sealMessage() {
        return MessageAuthentication.seal(message, key);
    }

    /**
     * The HMACs that algorithm 3 is made of (RFC 9301 §5.6, RFC 5869): two for the message's key,
     * keyed by the salt and by the first one's digest, and one of the message, keyed by the second
     * one's.
     */
    @Benchmark
    public byte[] bareHmacsOfHkdf() throws GeneralSecurityException {
        derive.update(SECRET);
        derive.update(octets, 4, 8);
        derive.doFinal(digest, 0);
        bare.init(new SecretKeySpec(digest, "HmacSHA256"));
        bare.update((byte) 1);
        bare.doFinal(digest, 0);
        bare.init(new SecretKeySpec(digest, "HmacSHA256"));
        bare.update(octets);
        bare.doFinal(digest, 0);
        return digest;
    }

    /** Algorithm 3: the message's own key, then its HMAC-SHA256-128. */
    @Benchmark
    public boolean verifyHkdf() {
        return MessageAuthentication.verify(hkdfMessage, hkdfPayload, hkdfKey);
    }

    private static SharedKey key(Algorithm algorithm) {
        return new SharedKey(1, Bytes.of(SECRET), EnumSet.of(algorithm), false, false);
    }

    private static LispMessage decoded(ByteBuffer payload) {
        return switch (LispCodec.decode(payload)) {
            case Decoded.Message(var message) -> message;
            case Decoded.Malformed malformed -> throw new IllegalStateException("" + malformed);
        };
    }

    private static Mac mac() {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(SECRET, "HmacSHA256"));
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
