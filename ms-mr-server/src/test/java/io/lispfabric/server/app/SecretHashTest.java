package io.lispfabric.server.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.Nonce;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whatever a stranger may ask for has a number, and no two of these the same. */
class SecretHashTest {
    @Test
    void everyKindOfEidHasANumberOfItsOwn() {
        var eids =
                List.of(
                        "[1]40.0.0.0/16",
                        "[2]40.0.0.0/16",
                        "[1]40.0.0.0/17",
                        "[1]2001:db8::/65",
                        "[1]mac:02:00:00:00:00:07",
                        "[1]name:POD-D-AccID-7",
                        "[1]name:POD-D-AccID-77",
                        "[1](*,239.1.1.1)",
                        "[1](0.0.0.0,239.1.1.1)",
                        "[1](10.0.0.1,239.1.1.1)",
                        "[1](239.1.1.1,10.0.0.1)",
                        "[1](*,ff0e::1)",
                        "[1](2001:db8::1,ff0e::1)",
                        "[1](*,mac:ff:ff:ff:ff:ff:ff)");
        var hash = new SecretHash(42);
        var who = Ip.parse("192.0.2.1");
        assertThat(eids.stream().map(it -> hash.of(who, eid(it))).distinct()).hasSize(eids.size());
        assertThat(eids.stream().map(it -> hash.of(new Nonce(1), eid(it))).distinct())
                .hasSize(eids.size());
        assertThat(hash.of(who, eid(eids.getFirst())))
                .isEqualTo(hash.of(who, eid(eids.getFirst())))
                .isNotEqualTo(new SecretHash(43).of(who, eid(eids.getFirst())));
    }

    private static Eid eid(String text) {
        return Eid.parse(text, InstanceId.DEFAULT);
    }
}
