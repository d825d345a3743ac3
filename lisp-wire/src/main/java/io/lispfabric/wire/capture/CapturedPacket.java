package io.lispfabric.wire.capture;

import io.lispfabric.lcaf.Bytes;
import java.time.Instant;
import java.util.Optional;

/**
 * One packet of a capture.
 *
 * @param number from 1, in the order of the file
 * @param linkType what the first octets are: a LINKTYPE_ number of the tcpdump group
 * @param time when it was seen, where the file says so
 * @param octets what was kept of it
 * @param originalLength octets that it had on the wire; more than were kept when the capture cut it
 */
public record CapturedPacket(
        long number, int linkType, Optional<Instant> time, Bytes octets, long originalLength) {
    /** Octets are missing at the end, by the doing of the capture. */
    public boolean isCut() {
        return octets.length() < originalLength;
    }
}
