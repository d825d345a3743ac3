package io.lispfabric.store.ratis;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a log after a crash. Ratis writes into a file that is longer than what is in it, and
 * filled with zeros; so when the power fails in the midst of a write, some sectors of the last
 * entries are there and others are still zero. Ratis takes that for a damaged log and does not
 * start. But what was torn was never synced and so never acknowledged by this member: it is cut
 * off.
 *
 * <p>The layout of a segment is Ratis': eight octets of header, then for each entry its length as a
 * varint, the entry, and the CRC-32C of both.
 */
final class LogTail {
    private static final Logger LOG = LoggerFactory.getLogger(LogTail.class);
    private static final Pattern OPEN = Pattern.compile("log_inprogress_(\\d{1,18})");
    private static final Pattern CLOSED = Pattern.compile("log_(\\d{1,18})-(\\d{1,18})");
    private static final int HEADER = 8;
    private static final int SECTOR = 512;

    /**
     * Ratis syncs after so many entries at the latest. What has more than these behind it was
     * synced: if it is damaged all the same, that is no torn write.
     */
    private static final int UNSYNCED = 128;

    private LogTail() {}

    /**
     * Cuts torn entries off the segments that were being written.
     *
     * @param groups where Ratis keeps them, each in a folder of its own
     * @throws IOException if a file cannot be read or cut
     */
    static void cut(List<Path> groups) throws IOException {
        for (var segment : openSegments(groups)) {
            var octets = ByteBuffer.wrap(Files.readAllBytes(segment));
            int end = goodEnd(octets);
            if (end < octets.limit() && isTorn(octets, end)) {
                LOG.warn("cutting an entry that a crash has torn off {} at octet {}", segment, end);
                try (var channel = FileChannel.open(segment, StandardOpenOption.WRITE)) {
                    channel.truncate(end);
                    channel.force(true);
                }
            }
        }
    }

    private static List<Path> openSegments(List<Path> groups) throws IOException {
        var found = new ArrayList<Path>();
        for (var group : groups) {
            for (var segment : segments(group)) {
                if (OPEN.matcher(segment.getFileName().toString()).matches()) {
                    found.add(segment);
                }
            }
        }
        return found;
    }

    private static List<Path> segments(Path group) throws IOException {
        var found = new ArrayList<Path>();
        var current = group.resolve("current");
        if (Files.exists(current)) {
            try (var files = Files.newDirectoryStream(current, "log_*")) {
                files.forEach(found::add);
            }
        }
        return found;
    }

    /**
     * The entries of a log by their indices.
     *
     * @param last less than the first if there are none
     */
    record Extent(long first, long last) {
        static final Extent NONE = new Extent(0, -1);

        private Extent with(long from, long to) {
            return to < from
                    ? this
                    : last < first
                            ? new Extent(from, to)
                            : new Extent(Math.min(first, from), Math.max(last, to));
        }
    }

    /**
     * From where to where a log goes, going by what its files say and not by what is in its
     * entries, which may be damaged.
     *
     * @param group where Ratis keeps it
     * @throws IOException if a file cannot be read
     */
    static Extent extent(Path group) throws IOException {
        var extent = Extent.NONE;
        for (var segment : segments(group)) {
            var name = segment.getFileName().toString();
            var closed = CLOSED.matcher(name);
            var open = OPEN.matcher(name);
            if (closed.matches()) {
                extent =
                        extent.with(
                                Long.parseLong(closed.group(1)), Long.parseLong(closed.group(2)));
            } else if (open.matches()) {
                long first = Long.parseLong(open.group(1));
                int entries = entries(ByteBuffer.wrap(Files.readAllBytes(segment)));
                extent = extent.with(first, first + entries - 1);
            }
        }
        return extent;
    }

    private static int entries(ByteBuffer octets) {
        int entries = 0;
        int position = HEADER;
        for (int end = end(octets, position);
                end > 0 && end <= octets.limit();
                end = end(octets, position)) {
            position = end;
            entries++;
        }
        return entries;
    }

    /** Where the first octet lies that belongs to no good entry. */
    private static int goodEnd(ByteBuffer octets) {
        int position = Math.min(HEADER, octets.limit());
        for (int next = after(octets, position); next > 0; next = after(octets, position)) {
            position = next;
        }
        return position;
    }

    /** Where the entry at a position ends, if it is a good one; 0 if not. */
    private static int after(ByteBuffer octets, int position) {
        int end = end(octets, position);
        if (end <= 0 || end > octets.limit()) {
            return 0;
        }
        var crc = new CRC32C();
        crc.update(octets.slice(position, end - Integer.BYTES - position));
        return (int) crc.getValue() == octets.getInt(end - Integer.BYTES) ? end : 0;
    }

    /** Where the entry at a position ends, going by its length; 0 if it has none. */
    private static int end(ByteBuffer octets, int position) {
        int length = 0;
        for (int i = 0; i < 4 && position + i < octets.limit(); i++) {
            byte one = octets.get(position + i);
            length |= (one & 0x7F) << 7 * i;
            if (one >= 0) {
                return length == 0 ? 0 : position + i + 1 + length + Integer.BYTES;
            }
        }
        return 0;
    }

    /** Whether what is at a position was begun and not finished, rather than changed later. */
    private static boolean isTorn(ByteBuffer octets, int position) {
        int end = end(octets, position);
        if (end > octets.limit()) {
            return false; // the file ends within it: Ratis cuts that by itself
        }
        // Of an entry without a length, at least the sector with its beginning is missing.
        return hasBlankSector(octets, position, end == 0 ? sectorAfter(position) : end)
                && !isFollowedByMany(octets, end)
                && !isBlank(octets, position, octets.limit()); // the filling begins here
    }

    private static int sectorAfter(int position) {
        return (position / SECTOR + 1) * SECTOR;
    }

    private static boolean hasBlankSector(ByteBuffer octets, int from, int to) {
        int limit = Math.min(to, octets.limit());
        for (int start = from; start < limit; start = sectorAfter(start)) {
            if (isBlank(octets, start, Math.min(sectorAfter(start), limit))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isBlank(ByteBuffer octets, int from, int to) {
        return Arrays.equals(octets.array(), from, to, new byte[to - from], 0, to - from);
    }

    private static boolean isFollowedByMany(ByteBuffer octets, int end) {
        int entries = 0;
        for (int next = end; next > 0 && entries <= UNSYNCED; next = after(octets, next)) {
            entries++;
        }
        return entries > UNSYNCED;
    }
}
