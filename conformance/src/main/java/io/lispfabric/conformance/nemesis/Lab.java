package io.lispfabric.conformance.nemesis;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * The machines: for each member a network namespace on a bridge, behind which the xTRs are, and a
 * small file system. All of it belongs to the namespaces that this process itself runs in, and ends
 * with them.
 *
 * <p>A link is cut where it begins: the sender gets a neighbour entry with a MAC address that
 * nobody has, so that what it sends is lost without a word, and only in that direction.
 */
final class Lab implements AutoCloseable {
    private static final String NET = "10.77.";
    private static final String XTRS = "10.78.0.";
    private static final String GATEWAY = NET + "255.254";
    private static final String NOBODY = "02:00:00:00:ff:ff";
    private static final String BRIDGE_MAC = "02:00:00:00:01:00";
    private static final String BRIDGE = "br0";
    private static final String PORT = "eth0";
    private static final String DISK_SIZE = "512m";
    private static final String BALLAST = "ballast";
    private static final int CHUNK = 1 << 20;
    private static final int MOST_WAITS = 500;

    /** How a member's messages are delayed, best first. */
    private static final List<List<String>> DELAYS =
            List.of(
                    List.of("netem", "delay", "60ms", "20ms"),
                    // Without netem a narrow link must do: its queue is what delays.
                    List.of("tbf", "rate", "1mbit", "burst", "4kb", "latency", "300ms"));

    private final Path work;
    private final int members;
    private final int xtrs;
    private final boolean disks;
    private final List<Process> holders = new ArrayList<>();
    private List<String> delay = List.of();

    /**
     * @param work where the folders of the members are
     * @param disks whether each has a file system of its own
     */
    Lab(Path work, int members, int xtrs, boolean disks) {
        this.work = work;
        this.members = members;
        this.xtrs = xtrs;
        this.disks = disks;
    }

    /** Where a member listens. */
    static String memberAddress(int member) {
        return NET + "0." + (member + 1);
    }

    private static String xtrAddress(int number) {
        return XTRS + (number + 1);
    }

    List<InetAddress> xtrAddresses() {
        return IntStream.range(0, xtrs)
                .mapToObj(it -> InetAddress.ofLiteral(xtrAddress(it)))
                .toList();
    }

    /** Where a member keeps its data. */
    Path disk(int member) {
        return work.resolve("ms-" + member).resolve("disk");
    }

    /** Sets everything up. */
    void open() throws IOException, InterruptedException {
        Shell.run("ip", "link", "set", "lo", "up");
        Shell.run("ip", "link", "add", BRIDGE, "address", BRIDGE_MAC, "type", "bridge");
        Shell.run("ip", "addr", "add", GATEWAY + "/16", "dev", BRIDGE);
        for (int i = 0; i < xtrs; i++) {
            Shell.run("ip", "addr", "add", xtrAddress(i) + "/32", "dev", BRIDGE);
        }
        Shell.run("ip", "link", "set", BRIDGE, "up");
        for (int i = 0; i < members; i++) {
            var holder = new ProcessBuilder("unshare", "--net", "sleep", "1000000").start();
            holders.add(holder);
            awaitNamespace(holder);
            var port = "m" + i;
            var pid = String.valueOf(holder.pid());
            Shell.run(
                    "ip", "link", "add", port, "type", "veth", "peer", "name", PORT, "netns", pid);
            Shell.run("ip", "link", "set", port, "master", BRIDGE, "up");
            in(i, "ip", "link", "set", "lo", "up");
            in(i, "ip", "link", "set", PORT, "address", mac(i), "up");
            in(i, "ip", "addr", "add", memberAddress(i) + "/16", "dev", PORT);
            in(i, "ip", "route", "add", XTRS + "0/24", "via", GATEWAY);
            Files.createDirectories(disk(i));
            if (disks) {
                Shell.run("mount", "-t", "tmpfs", "-o", "size=" + DISK_SIZE, "tmpfs", disk(i) + "");
            }
        }
        for (int i = 0; i < members; i++) {
            mend(i);
        }
        choosePace();
    }

    private void awaitNamespace(Process holder) throws IOException {
        var ours = Files.readSymbolicLink(Path.of("/proc/self/ns/net"));
        for (int i = 0; i < MOST_WAITS; i++) {
            if (!holder.isAlive()) {
                break;
            }
            if (!Files.readSymbolicLink(namespace(holder)).equals(ours)) {
                return;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        throw new IOException("unshare makes no network namespace");
    }

    private static Path namespace(Process holder) {
        return Path.of("/proc/" + holder.pid() + "/ns/net");
    }

    /** How a member's programs are started. */
    List<String> inside(int member) {
        return List.of("nsenter", "--net=" + namespace(holders.get(member)));
    }

    private void in(int member, String... command) throws IOException, InterruptedException {
        var all = new ArrayList<>(inside(member));
        all.addAll(List.of(command));
        Shell.run(all);
    }

    private static String mac(int member) {
        return "02:00:00:00:00:0" + (member + 1);
    }

    /** What a member sends to another is lost. */
    void cut(int from, int to) throws IOException, InterruptedException {
        neighbour(from, memberAddress(to), NOBODY);
    }

    /** What a member and the xTRs send to each other is lost. */
    void cutXtrs(int member) throws IOException, InterruptedException {
        xtrLink(member, NOBODY, NOBODY);
    }

    /** Nothing of a member's is lost or delayed any more, nor on its way to it. */
    void mend(int member) throws IOException, InterruptedException {
        for (int i = 0; i < members; i++) {
            if (i != member) {
                neighbour(member, memberAddress(i), mac(i));
                neighbour(i, memberAddress(member), mac(member));
            }
        }
        xtrLink(member, BRIDGE_MAC, mac(member));
    }

    private void neighbour(int member, String address, String mac)
            throws IOException, InterruptedException {
        in(
                member,
                "ip",
                "neigh",
                "replace",
                address,
                "lladdr",
                mac,
                "dev",
                PORT,
                "nud",
                "permanent");
    }

    private void xtrLink(int member, String there, String back)
            throws IOException, InterruptedException {
        neighbour(member, GATEWAY, there);
        Shell.run(
                "ip",
                "neigh",
                "replace",
                memberAddress(member),
                "lladdr",
                back,
                "dev",
                BRIDGE,
                "nud",
                "permanent");
    }

    private void choosePace() throws InterruptedException {
        for (var way : DELAYS) {
            try {
                delay = way;
                slow(0);
                fast(0);
                return;
            } catch (IOException _) {
                delay = List.of(); // this kernel has no such queue
            }
        }
    }

    /** Whether messages can be delayed here. */
    boolean canDelay() {
        return !delay.isEmpty();
    }

    /** What a member sends is delayed. */
    void slow(int member) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("tc", "qdisc", "replace", "dev", PORT, "root"));
        command.addAll(delay);
        in(member, command.toArray(String[]::new));
    }

    void fast(int member) throws IOException, InterruptedException {
        in(member, "tc", "qdisc", "del", "dev", PORT, "root");
    }

    /** Leaves so many octets of a member's disk, or what there is if it is less. */
    void fill(int member, long leaving) throws IOException {
        var store = Files.getFileStore(disk(member));
        var zeros = ByteBuffer.allocateDirect(CHUNK);
        try (var out =
                FileChannel.open(
                        disk(member).resolve(BALLAST),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND)) {
            for (long left = store.getUsableSpace() - leaving; left > 0; ) {
                zeros.clear().limit((int) Math.min(left, CHUNK));
                left -= out.write(zeros);
            }
        } catch (IOException e) {
            if (leaving > 0) {
                throw e;
            } // else it is as full as it was to be
        }
    }

    void empty(int member) throws IOException {
        Files.deleteIfExists(disk(member).resolve(BALLAST));
    }

    @Override
    public void close() {
        holders.forEach(Process::destroyForcibly);
    }
}
