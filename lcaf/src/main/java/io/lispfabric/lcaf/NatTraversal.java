package io.lispfabric.lcaf;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is on the two sides of a NAT (RFC 8060 §4.4), for Info-Request and Info-Reply. It is never
 * stored.
 *
 * <pre>
 * |       MS UDP Port Number      |      ETR UDP Port Number      |
 * |              AFI = x          |  Global ETR RLOC Address  ... |
 * |              AFI = x          |       MS RLOC Address  ...    |
 * |              AFI = x          | Private ETR RLOC Address  ... |
 * |              AFI = x          |      RTR RLOC Address 1 ...   |
 * |              AFI = x          |      RTR RLOC Address k ...   |
 * </pre>
 *
 * @param msUdpPort the Map-Server's UDP port: 4342
 * @param etrUdpPort the UDP port that the NAT gave the ETR
 * @param globalEtrRloc the address that the NAT gave the ETR; {@link LispAddress.None} if not told
 * @param msRloc the Map-Server's address
 * @param privateEtrRloc the ETR's own address, behind the NAT
 * @param rtrRlocs those that can send through the NAT, each a real address: AFI 0 says that there
 *     are none
 */
public record NatTraversal(
        int msUdpPort,
        int etrUdpPort,
        LispAddress globalEtrRloc,
        LispAddress msRloc,
        LispAddress privateEtrRloc,
        List<LispAddress> rtrRlocs)
        implements Lcaf {
    public static final int TYPE = 7;

    /**
     * @throws IllegalArgumentException when a port is not 0 to 65535
     */
    public NatTraversal {
        if ((msUdpPort | etrUdpPort) >>> 16 != 0) {
            throw new IllegalArgumentException(
                    "UDP ports have 16 bits: " + msUdpPort + ", " + etrUdpPort);
        }
        rtrRlocs =
                rtrRlocs.contains(None.NONE)
                        ? rtrRlocs.stream().filter(rtr -> rtr != None.NONE).toList()
                        : List.copyOf(rtrRlocs);
        Nesting.check(globalEtrRloc);
        Nesting.check(msRloc);
        Nesting.check(privateEtrRloc);
        Nesting.check(rtrRlocs);
    }

    static NatTraversal read(WireReader in) {
        int msUdpPort = in.as("MS UDP Port Number").u16();
        int etrUdpPort = in.as("ETR UDP Port Number").u16();
        var globalEtrRloc = in.part("Global ETR RLOC", LispAddress::read);
        var msRloc = in.part("MS RLOC", LispAddress::read);
        var privateEtrRloc = in.part("Private ETR RLOC", LispAddress::read);
        return new NatTraversal(
                msUdpPort,
                etrUdpPort,
                globalEtrRloc,
                msRloc,
                privateEtrRloc,
                in.listToEnd("RTR RLOC", LispAddress::read));
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public List<LispAddress> inner() {
        return Stream.concat(Stream.of(globalEtrRloc, msRloc, privateEtrRloc), rtrRlocs.stream())
                .toList();
    }

    @Override
    public void writeLcafBody(WireWriter out) {
        out.u16(msUdpPort).u16(etrUdpPort);
        inner().forEach(address -> address.write(out));
    }

    /** {@code nat(ms 192.0.2.9:4342, etr 203.0.113.1:40001, private 10.0.0.1, rtrs {…})}. */
    @Override
    public String toString() {
        return "nat(ms "
                + msRloc
                + ":"
                + msUdpPort
                + ", etr "
                + globalEtrRloc
                + ":"
                + etrUdpPort
                + ", private "
                + privateEtrRloc
                + ", rtrs "
                + rtrRlocs.stream()
                        .map(Object::toString)
                        .collect(Collectors.joining(",", "{", "})"));
    }
}
