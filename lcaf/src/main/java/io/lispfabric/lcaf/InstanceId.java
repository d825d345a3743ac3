package io.lispfabric.lcaf;

/**
 * The segment an EID lives in: a tenant, a job, an INCC group (RFC 9300 §8, RFC 8060 §4.1). 0 is
 * the default one.
 */
public record InstanceId(int value) implements Comparable<InstanceId> {
    public static final InstanceId DEFAULT = new InstanceId(0);

    /**
     * @throws IllegalArgumentException when the value needs more than 24 bits, as no data-plane
     *     header could carry it
     */
    public InstanceId {
        if (value >>> 24 != 0) {
            throw new IllegalArgumentException(
                    "Instance ID needs more than 24 bits: " + Integer.toUnsignedString(value));
        }
    }

    /** Reads the 32 bits that an LCAF has for it (RFC 8060 §4.1, §4.5). */
    static InstanceId read(WireReader in) {
        int value = in.as("Instance ID").u32AsInt();
        if (value >>> 24 != 0) {
            throw in.flaw(Flaw.BAD_INSTANCE_ID);
        }
        return in.instance(value);
    }

    @Override
    public int compareTo(InstanceId other) {
        return Integer.compare(value, other.value);
    }

    @Override
    public String toString() {
        return Integer.toString(value);
    }
}
