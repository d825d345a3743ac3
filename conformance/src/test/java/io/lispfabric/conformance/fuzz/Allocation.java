package io.lispfabric.conformance.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** No octets make a decoder allocate more than in proportion to their number. */
final class Allocation {
    private static final long ALWAYS = 1 << 20;
    private static final long PER_OCTET = 4096;

    private final int slack;
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /**
     * A bound on what is allocated.
     *
     * @param slack how many times as much is allowed: what instruments a program allocates too
     */
    Allocation(int slack) {
        this.slack = slack;
    }

    /**
     * Runs the target, and again when it allocated much: the first time may have loaded classes.
     */
    void bounded(FuzzTarget target, byte[] octets) {
        long most = slack * (ALWAYS + PER_OCTET * octets.length);
        if (allocated(target, octets) > most) {
            long again = allocated(target, octets);
            if (again > most) {
                throw new AssertionError(
                        target.title()
                                + " allocates "
                                + again
                                + " for "
                                + octets.length
                                + " octets");
            }
        }
    }

    long allocated(FuzzTarget target, byte[] octets) {
        long before = threads.getCurrentThreadAllocatedBytes();
        target.run(octets);
        return threads.getCurrentThreadAllocatedBytes() - before;
    }
}
