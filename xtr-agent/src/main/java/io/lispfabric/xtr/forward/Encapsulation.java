package io.lispfabric.xtr.forward;

import io.lispfabric.wire.encap.LispDataHeader;
import io.lispfabric.wire.encap.NextProtocol;
import io.lispfabric.wire.encap.VxlanGpeHeader;
import io.lispfabric.xtr.core.Drop;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The header between the outer UDP header and the inner packet. The control plane does not know
 * which one is used (draft-jain §7); the Instance ID is the VNI in all of them.
 */
public enum Encapsulation {
    VXLAN_GPE("vxlan-gpe", VxlanGpeHeader.PORT) {
        @Override
        void write(ByteBuffer out, int at, int iid, int nextProtocol) {
            VxlanGpeHeader.write(out, at, iid, nextProtocol);
        }

        @Override
        Optional<Drop> check(ByteBuffer in, int at) {
            if (VxlanGpeHeader.version(in, at) != 0 || !VxlanGpeHeader.hasVni(in, at)) {
                return Optional.of(Drop.BAD_HEADER);
            }
            return VxlanGpeHeader.isOam(in, at) ? Optional.of(Drop.OAM) : Optional.empty();
        }

        @Override
        int iid(ByteBuffer in, int at) {
            return VxlanGpeHeader.vni(in, at);
        }

        @Override
        int nextProtocol(ByteBuffer in, int at) {
            return VxlanGpeHeader.hasNextProtocol(in, at)
                    ? VxlanGpeHeader.nextProtocol(in, at)
                    : NextProtocol.ETHERNET;
        }
    },

    /**
     * The LISP header of RFC 9300 for IP; anything else needs the P-bit, which is LISP-GPE, and so
     * must be configured only among xTRs that know it (RFC 9305 §5).
     */
    LISP("lisp", LispDataHeader.PORT) {
        @Override
        void write(ByteBuffer out, int at, int iid, int nextProtocol) {
            if (nextProtocol == NextProtocol.IPV4 || nextProtocol == NextProtocol.IPV6) {
                LispDataHeader.write(out, at, iid);
            } else {
                LispDataHeader.writeGpe(out, at, iid, nextProtocol);
            }
        }

        @Override
        Optional<Drop> check(ByteBuffer in, int at) {
            return LispDataHeader.keyId(in, at) == 0
                    ? Optional.empty()
                    : Optional.of(Drop.ENCRYPTED);
        }

        @Override
        int iid(ByteBuffer in, int at) {
            return LispDataHeader.instanceId(in, at);
        }

        @Override
        int nextProtocol(ByteBuffer in, int at) {
            if (LispDataHeader.hasNextProtocol(in, at)) {
                return LispDataHeader.nextProtocol(in, at);
            }
            // RFC 9300 §5.3: the first nibble tells which IP it is.
            int payload = at + HEADER;
            int version = payload < in.limit() ? in.get(payload) >>> 4 & 0xF : 0;
            return version == 4 ? NextProtocol.IPV4 : version == 6 ? NextProtocol.IPV6 : 0;
        }
    };

    /** Octets of every header here. */
    static final int HEADER = 8;

    private final String label;
    private final int port;

    Encapsulation(String label, int port) {
        this.label = label;
        this.port = port;
    }

    /**
     * Reads the name used in settings.
     *
     * @throws IllegalArgumentException when there is none of that name
     */
    public static Encapsulation parse(String label) {
        for (var encapsulation : values()) {
            if (encapsulation.label.equals(label)) {
                return encapsulation;
            }
        }
        throw new IllegalArgumentException("must be vxlan-gpe or lisp, not '" + label + "'");
    }

    /** The name used in settings: {@code vxlan-gpe}. */
    public String label() {
        return label;
    }

    /** The assigned UDP port. */
    public int port() {
        return port;
    }

    abstract void write(ByteBuffer out, int at, int iid, int nextProtocol);

    /** Why a header cannot be obeyed, if so. */
    abstract Optional<Drop> check(ByteBuffer in, int at);

    abstract int iid(ByteBuffer in, int at);

    /** 0 when it cannot be told. */
    abstract int nextProtocol(ByteBuffer in, int at);
}
