package io.lispfabric.wire.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EidAd;
import io.lispfabric.wire.InfoReply;
import io.lispfabric.wire.InfoRequest;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.Messages;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whoever changes one bit of any message, or holds a key with one other bit, is found out. */
class ForgeryPropertyTest {
    private static final Bytes SECRET =
            Bytes.ofHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    private static final OneTimeKey OTK =
            new OneTimeKey(Bytes.ofHex("00112233445566778899aabbccddeeff"));

    @Provide
    Arbitrary<LispMessage> signed() {
        return Messages.any().filter(it -> it instanceof LispMessage.Authenticated);
    }

    @Provide
    Arbitrary<LispMessage> replies() {
        return Messages.any().filter(it -> it instanceof MapReply);
    }

    private static byte[] flipped(byte[] octets, int choice) {
        var flipped = octets.clone();
        int bit = Math.floorMod(choice, 8 * octets.length);
        flipped[bit / 8] ^= (byte) (0x80 >>> bit % 8);
        return flipped;
    }

    private static SharedKey key(Bytes secret, Algorithm algorithm) {
        return new SharedKey(1, secret, EnumSet.of(algorithm), false, false);
    }

    private static boolean verify(byte[] octets, SharedKey key) {
        return LispCodec.decode(ByteBuffer.wrap(octets), Vendors.ANY)
                        instanceof Decoded.Message(LispMessage.Authenticated message)
                && MessageAuthentication.verify(message, ByteBuffer.wrap(octets), key);
    }

    @Property(seed = "9301", tries = 300)
    void oneFlippedBitOfMessageOrKeyIsNoticed(
            @ForAll("signed") LispMessage any,
            @ForAll Algorithm algorithm,
            @ForAll int bit,
            @ForAll int keyBit) {
        var message = (LispMessage.Authenticated) any;
        // No document says how a key is derived for these.
        boolean derivable = !(message instanceof InfoRequest || message instanceof InfoReply);
        var used =
                derivable || algorithm != Algorithm.HMAC_SHA256_128_HKDF
                        ? algorithm
                        : Algorithm.HMAC_SHA256_128;
        var key = key(SECRET, used);
        var octets = MessageAuthentication.seal(message, key);
        assertThat(verify(octets, key)).isTrue();
        assertThat(verify(flipped(octets, bit), key)).isFalse();
        var other = Bytes.of(flipped(SECRET.toArray(), keyBit));
        assertThat(verify(octets, key(other, used))).isFalse();
    }

    private static boolean verify(byte[] octets, OneTimeKey itrOtk, OneTimeKey msOtk) {
        return LispCodec.decode(ByteBuffer.wrap(octets), Vendors.ANY)
                        instanceof Decoded.Message(MapReply reply)
                && LispSec.verify(reply, ByteBuffer.wrap(octets), msOtk)
                && reply.authenticationData()
                        .filter(it -> LispSec.verify(it.eid(), itrOtk))
                        .isPresent();
    }

    @Property(seed = "9303", tries = 300)
    void oneFlippedBitOfAProtectedMapReplyOrItsKeysIsNoticed(
            @ForAll("replies") LispMessage any,
            @ForAll LispSecHmac hmac,
            @ForAll LispSecKdf kdf,
            @ForAll int bit,
            @ForAll int keyBit) {
        var reply = (MapReply) any;
        var prefixes = reply.records().stream().limit(3).map(it -> it.eid()).toList();
        EidAd eid = LispSec.vouch(prefixes, false, kdf, hmac, OTK);
        var msOtk = LispSec.msOtk(OTK, kdf);
        var octets = LispSec.seal(reply, eid, hmac, msOtk);
        assertThat(verify(octets, OTK, msOtk)).isTrue();
        assertThat(verify(flipped(octets, bit), OTK, msOtk)).isFalse();
        for (var key : List.of(OTK, msOtk)) {
            var other = new OneTimeKey(Bytes.of(flipped(key.secret().toArray(), keyBit)));
            assertThat(verify(octets, key == OTK ? other : OTK, key == OTK ? msOtk : other))
                    .isFalse();
        }
    }
}
