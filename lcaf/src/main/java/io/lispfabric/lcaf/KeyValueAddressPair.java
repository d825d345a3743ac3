package io.lispfabric.lcaf;

import java.util.List;
import java.util.Optional;

/**
 * An address, and another one that says something about it (RFC 8060 §5.5; not registered with
 * IANA).
 *
 * <pre>
 * |              AFI = x          |       Address as Key ...      |
 * |              AFI = y          |       Address as Value ...    |
 * </pre>
 *
 * @param key the EID or RLOC
 * @param value its attribute
 */
public record KeyValueAddressPair(LispAddress key, LispAddress value) implements Lcaf {
    public static final int TYPE = 15;

    public KeyValueAddressPair {
        Nesting.check(key);
        Nesting.check(value);
    }

    static KeyValueAddressPair read(WireReader in) {
        return new KeyValueAddressPair(
                in.part("Address as Key", LispAddress::read),
                in.part("Address as Value", LispAddress::read));
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public List<LispAddress> inner() {
        return List.of(key, value);
    }

    /** An attribute that is not recognised is no reason to forget what it is one of. */
    @Override
    public boolean isRecognised() {
        return Lcaf.isRecognised(key);
    }

    @Override
    public void writeLcafBody(WireWriter out) {
        key.write(out);
        value.write(out);
    }

    @Override
    public Optional<Ip> ip() {
        return key.ip();
    }

    /** {@code pair(192.0.2.1, name:rack-7)}. */
    @Override
    public String toString() {
        return "pair(" + key + ", " + value + ")";
    }
}
