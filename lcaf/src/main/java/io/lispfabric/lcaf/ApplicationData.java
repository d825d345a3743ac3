package io.lispfabric.lcaf;

import java.util.List;

/**
 * An address for the packets of one application (RFC 8060 §5.1; not registered with IANA). Packets
 * of others must not be sent to it, so {@link #ip} does not tell it.
 *
 * <pre>
 * |       IP TOS, IPv6 TC, or Flow Label          |    Protocol   |
 * |    Local Port (lower-range)   |    Local Port (upper-range)   |
 * |   Remote Port (lower-range)   |   Remote Port (upper-range)   |
 * |              AFI = x          |         Address  ...          |
 * </pre>
 *
 * @param trafficClass IPv4 TOS, IPv6 traffic class or flow label: 24 bits
 * @param protocol IP protocol number, 0 to 255
 */
public record ApplicationData(
        int trafficClass,
        int protocol,
        PortRange localPorts,
        PortRange remotePorts,
        LispAddress address)
        implements Lcaf {
    public static final int TYPE = 4;

    /**
     * Ports of TCP, UDP or SCTP; a single one is lower and upper at once.
     *
     * @param lower 0 to 65535
     * @param upper {@code lower} to 65535
     */
    public record PortRange(int lower, int upper) {
        /**
         * @throws IllegalArgumentException when a port is not 16 bits, or the range ends before it
         *     begins
         */
        public PortRange {
            if ((lower | upper) >>> 16 != 0 || lower > upper) {
                throw new IllegalArgumentException("not a range of ports: " + lower + "-" + upper);
            }
        }

        private static PortRange read(WireReader in) {
            int lower = in.as("Port (lower-range)").u16();
            int upper = in.as("Port (upper-range)").u16();
            if (lower > upper) {
                throw in.flaw(Flaw.BAD_VALUE);
            }
            return new PortRange(lower, upper);
        }

        private void write(WireWriter out) {
            out.u16(lower).u16(upper);
        }

        public boolean contains(int port) {
            return lower <= port && port <= upper;
        }

        @Override
        public String toString() {
            return lower == upper ? Integer.toString(lower) : lower + "-" + upper;
        }
    }

    /**
     * @throws IllegalArgumentException when the traffic class needs more than 24 bits or the
     *     protocol more than 8
     */
    public ApplicationData {
        if (trafficClass >>> 24 != 0 || protocol >>> 8 != 0) {
            throw new IllegalArgumentException(
                    "traffic class has 24 bits and protocol 8: " + trafficClass + ", " + protocol);
        }
        Nesting.check(address);
    }

    static ApplicationData read(WireReader in) {
        int head = in.as("IP TOS, IPv6 TC, or Flow Label; Protocol").u32AsInt();
        return new ApplicationData(
                head >>> 8,
                head & 0xFF,
                in.part("Local Port", PortRange::read),
                in.part("Remote Port", PortRange::read),
                LispAddress.read(in));
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public List<LispAddress> inner() {
        return List.of(address);
    }

    @Override
    public void writeLcafBody(WireWriter out) {
        out.u32(trafficClass << 8 | protocol);
        localPorts.write(out);
        remotePorts.write(out);
        address.write(out);
    }

    /** {@code application(class 184, protocol 6, ports 1024-65535 to 80, 192.0.2.1)}. */
    @Override
    public String toString() {
        return "application(class "
                + trafficClass
                + ", protocol "
                + protocol
                + ", ports "
                + localPorts
                + " to "
                + remotePorts
                + ", "
                + address
                + ")";
    }
}
