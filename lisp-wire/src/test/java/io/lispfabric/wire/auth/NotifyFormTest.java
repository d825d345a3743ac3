package io.lispfabric.wire.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.Messages;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** What is put into a form is what the message would have been, encoded and sealed on its own. */
class NotifyFormTest {
    private static final Authentication NONE = new Authentication(0, 0, Bytes.EMPTY);

    private static SharedKey key(Random random, boolean recordsOnly) {
        var secret = new byte[32];
        random.nextBytes(secret);
        return new SharedKey(
                random.nextInt(256),
                Bytes.of(secret),
                EnumSet.allOf(Algorithm.class),
                true,
                false,
                recordsOnly);
    }

    private static byte[] octets(ByteBuffer sealed) {
        var octets = new byte[sealed.remaining()];
        sealed.get(sealed.position(), octets);
        return octets;
    }

    @Provide
    Arbitrary<LispMessage> notifies() {
        return Messages.any().filter(it -> it instanceof MapNotify);
    }

    @Rfc("9437 §6")
    @Rfc("9301 §5.7")
    @Property(seed = "9437", tries = 200)
    void aFormThatIsFilledInIsTheMessageThatIsEncodedForEachXtr(
            @ForAll("notifies") LispMessage any,
            @ForAll Algorithm algorithm,
            @ForAll boolean uncut,
            @ForAll boolean iidMask,
            @ForAll boolean recordsOnly,
            @ForAll long seed) {
        var message = (MapNotify) any;
        var random = new Random(seed);
        int length = uncut ? algorithm.fullLength() : algorithm.length();
        int mask = iidMask ? 32 : 0;
        boolean named = message.recipient().isPresent();
        var form = new NotifyForm(message.records(), algorithm, length, mask, named);
        for (int i = 0; i < 5; i++) {
            var nonce = new Nonce(random.nextLong());
            var key = key(random, recordsOnly);
            var xtr =
                    new XtrIdentity(
                            new XtrId(random.nextLong(), random.nextLong()),
                            new SiteId(random.nextLong()));
            var ids = named ? Optional.of(xtr) : Optional.<XtrIdentity>empty();
            var alone = new MapNotify(nonce, NONE, message.records(), ids);
            assertThat(octets(form.seal(nonce, key, ids)))
                    .hasSize(form.length())
                    .isEqualTo(MessageAuthentication.seal(alone, key, algorithm, length, mask));
        }
    }

    @Test
    void aFormWithIdsIsNotFilledInWithout() {
        var form = new NotifyForm(List.of(), Algorithm.HMAC_SHA256_128, 16, 0, true);
        var key = key(new Random(1), false);
        assertThatThrownBy(() -> form.seal(new Nonce(1), key, Optional.empty()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("nobody is named");
    }

    /** A thousand subscribers are no reason for the garbage collector to come. */
    @Test
    void eachXtrCostsNextToNoMemory() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        var form = new NotifyForm(List.of(), Algorithm.HMAC_SHA256_128_HKDF, 16, 0, false);
        var key = key(new Random(2), false);
        var nonce = new Nonce(1);
        form.seal(nonce, key, Optional.empty());
        int times = 1000;
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < times; i++) {
            form.seal(nonce, key, Optional.empty());
        }
        long each = (threads.getCurrentThreadAllocatedBytes() - before) / times;
        assertThat(each).isLessThanOrEqualTo(256);
    }
}
