package io.lispfabric.wire.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Rfc;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The test cases of RFC 2202 and RFC 4231, and the JDK's own HMAC beside ours. */
class HmacTest {
    @ParameterizedTest
    @CsvSource({
        "20, 0b, Hi There, b617318655057264e28bc0b6fb378c8ef146be00",
        "80, aa, Test Using Larger Than Block-Size Key - Hash Key First,"
                + " aa4ae5e15272d00e95705637ce8a3b55ed402112",
    })
    @Rfc("2202 §3")
    void sha1(int length, String octet, String text, String mac) {
        assertThat(hex(Hmac.sha1(), octet.repeat(length), text)).isEqualTo(mac);
    }

    @ParameterizedTest
    @CsvSource({
        "20, 0b, Hi There, b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        "131, aa, Test Using Larger Than Block-Size Key - Hash Key First,"
                + " 60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    })
    @Rfc("4231 §4")
    void sha256(int length, String octet, String text, String mac) {
        assertThat(hex(Hmac.sha256(), octet.repeat(length), text)).isEqualTo(mac);
    }

    @Test
    @Rfc("4231 §4.3")
    void aKeyShorterThanTheDigest() {
        assertThat(hex(Hmac.sha256(), "4a656665", "what do ya want for nothing?"))
                .isEqualTo("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    private static String hex(Hmac hmac, String key, String text) {
        var octets = text.getBytes(StandardCharsets.US_ASCII);
        return Bytes.of(hmac.key(Bytes.ofHex(key).toArray()).update(octets).mac()).hex();
    }

    @Property(tries = 300)
    void everyTextInAnyPartsHasTheMacThatTheJdkFinds(
            @ForAll @Size(min = 1, max = 100) byte[] key,
            @ForAll @IntRange(max = 5000) int length,
            @ForAll @IntRange(max = 5000) int cut,
            @ForAll boolean direct)
            throws GeneralSecurityException {
        var text = new byte[length];
        for (int i = 0; i < length; i++) {
            text[i] = (byte) (i * 31 + key[0]);
        }
        // The last one gave up half way: nothing of its text is in the next MAC.
        Hmac.sha256().key(key).update((byte) 1, (byte) 2);
        int first = Math.min(cut, length);
        var buffer = direct ? ByteBuffer.allocateDirect(length) : ByteBuffer.allocate(length);
        buffer.put(0, text);
        var mac =
                Hmac.sha256()
                        .key(key)
                        .update(buffer, 0, first)
                        .update(buffer, first, length - first)
                        .mac();
        var jdk = Mac.getInstance("HmacSHA256");
        jdk.init(new SecretKeySpec(key, "HmacSHA256"));
        assertThat(mac).isEqualTo(jdk.doFinal(text));
    }
}
