package io.lispfabric.xtr.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.xtr.core.Count;
import io.lispfabric.xtr.core.Drop;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** No octets make the data plane throw, and none goes uncounted. */
class HostilePacketTest {
    private static final List<String> OWN =
            List.of("[1]40.0.0.7", "[100]name:POD-D-AccID-7", "[7]mac:02:00:00:00:00:07");

    @Property(tries = 3000)
    @Rfc("9300 §5.3")
    void whateverComesFromTheNetworkIsDeliveredSentOnOrCounted(
            @ForAll("datagrams") byte[] datagram, @ForAll Encapsulation encapsulation) {
        var xtr = xtr();
        xtr.receive(encapsulation, Ip.parse("192.0.2.9"), Bytes.of(datagram));
        assertThat(accountedFor(xtr)).isEqualTo(1);
    }

    @Property(tries = 3000)
    void whateverAnAcceleratorSendsIsDeliveredSentOnOrCounted(@ForAll("datagrams") byte[] frame) {
        var xtr = xtr();
        xtr.offers(OWN, Bytes.of(frame));
        assertThat(accountedFor(xtr)).isEqualTo(1);
    }

    private static Fabric.Xtr xtr() {
        return new Fabric()
                .pxtr("D1", "192.0.2.41")
                .route("up", "[1]*", "[100]*", "[7]*")
                .attach("acc7", OWN.toArray(String[]::new))
                .knows("up", "[1]0.0.0.0/0", "192.0.2.42");
    }

    private static long accountedFor(Fabric.Xtr xtr) {
        long drops = Arrays.stream(Drop.values()).mapToLong(xtr::dropped).sum();
        return drops
                + xtr.counters.of(Count.PACKETS_DELIVERED)
                + xtr.counters.of(Count.PACKETS_ENCAPSULATED)
                + xtr.counters.of(Count.PACKETS_REENCAPSULATED);
    }

    /** Pure noise, good packets cut short, and good packets with an octet changed. */
    @Provide
    Arbitrary<byte[]> datagrams() {
        var noise = Arbitraries.bytes().array(byte[].class).ofMaxSize(120);
        var damaged =
                Combinators.combine(
                                Arbitraries.of(good()),
                                Arbitraries.integers().between(0, 119),
                                Arbitraries.bytes(),
                                Arbitraries.of(true, false))
                        .as(HostilePacketTest::damage);
        return Arbitraries.oneOf(noise, damaged);
    }

    private static List<Bytes> good() {
        var ipv4 = Frames.ipv4("40.0.0.7", "40.0.0.8", 64, "four");
        var ipv6 = Frames.ipv6("2001:db8::7", "2001:db8::8", 64, "six");
        var accId = Frames.accId("POD-D-AccID-7", "POD-D-AccID-8", "name");
        var ethernet = Frames.ethernet("02:00:00:00:00:07", "02:00:00:00:00:08", "mac");
        return List.of(
                ipv4,
                ipv6,
                accId,
                ethernet,
                Bytes.ofHex("0c00000100000100" + ipv4.hex().substring(2)),
                Bytes.ofHex("0800000000000100" + ipv6.hex().substring(2)),
                Bytes.ofHex("0c00007e00006400" + accId.hex().substring(2)),
                Bytes.ofHex("0c00000300000700" + ethernet.hex().substring(2)));
    }

    private static byte[] damage(Bytes good, int at, byte octet, boolean cuts) {
        var octets = good.toArray();
        int index = at % octets.length;
        if (cuts) {
            return Arrays.copyOf(octets, index);
        }
        octets[index] = octet;
        return octets;
    }
}
