package io.lispfabric.store.ratis;

import io.lispfabric.store.ReplicatedLog;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.rpc.SupportedRpcType;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** What Ratis is told, and why where it is not its default. */
final class RatisSettings {
    /**
     * No log entry is longer: the commands of a batch, or one of the longest, and what surrounds
     * them.
     */
    static final int LONGEST_ENTRY = ReplicatedLog.MAX_COMMAND_OCTETS + Entry.OCTETS + (64 << 10);

    /** How long a member that has just started waits for a leader, at least. */
    private static final Duration FIRST_TIMEOUT = Duration.ofMillis(500);

    private RatisSettings() {}

    static RaftProperties of(RatisLogConfig config, MemberDirectory home, String listenHost) {
        var to = new RaftProperties();
        RaftConfigKeys.Rpc.setType(to, SupportedRpcType.GRPC);
        GrpcConfigKeys.Server.setHost(to, listenHost);
        GrpcConfigKeys.Server.setPort(to, config.selfPeer().port());
        GrpcConfigKeys.setMessageSizeMax(to, SizeInBytes.valueOf("16MB"));
        // Stop and wait makes natural batches: more throughput for less work than the default of 8.
        GrpcConfigKeys.Server.setLeaderOutstandingAppendsMax(to, 1);
        RaftServerConfigKeys.Log.Appender.setWaitTimeMin(to, TimeDuration.ONE_MILLISECOND);
        // By default every 5 s only, once it has failed thirty times.
        RaftServerConfigKeys.Log.Appender.setRetryPolicy(to, "10ms,10, 500ms,1000000");
        RaftClientConfigKeys.Rpc.setRequestTimeout(
                to, time(config.electionTimeoutMax().multipliedBy(2)));

        // The defaults lie under the system's temporary folder.
        RaftServerConfigKeys.setStorageDir(to, List.of(home.raft().toFile()));
        RaftServerConfigKeys.setRemovedGroupsDir(to, home.removed().toFile());

        RaftServerConfigKeys.Rpc.setTimeoutMin(to, time(config.electionTimeoutMin()));
        RaftServerConfigKeys.Rpc.setTimeoutMax(to, time(config.electionTimeoutMax()));
        // At a start nobody is known to lead, so nobody is waited for as long as that may be.
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(
                to, time(least(config.electionTimeoutMin(), FIRST_TIMEOUT)));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(
                to, time(least(config.electionTimeoutMax(), FIRST_TIMEOUT.multipliedBy(2))));
        if (config.peers().size() == 1) { // no one else could be the leader
            RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(to, time(Duration.ofMillis(50)));
            RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(to, time(Duration.ofMillis(100)));
        }
        // By default a member whose machine slept for a minute closes itself; to step down is
        // enough.
        RaftServerConfigKeys.setCloseThreshold(to, TimeDuration.ONE_DAY);

        RaftServerConfigKeys.Log.setSegmentSizeMax(to, SizeInBytes.valueOf(config.segmentOctets()));
        RaftServerConfigKeys.Log.setPreallocatedSize(to, SizeInBytes.valueOf("1MB"));
        RaftServerConfigKeys.Log.setSegmentCacheNumMax(to, 2);
        RaftServerConfigKeys.Log.setSegmentCacheSizeMax(to, SizeInBytes.valueOf("32MB"));
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(to, SizeInBytes.valueOf("2MB"));
        RaftServerConfigKeys.Log.setWriteBufferSize(to, SizeInBytes.valueOf("4MB"));
        RaftServerConfigKeys.Log.Appender.setSnapshotChunkSizeMax(to, SizeInBytes.valueOf("4MB"));
        RaftServerConfigKeys.Write.setByteLimit(to, SizeInBytes.valueOf("64MB"));

        // By default no snapshot is ever taken, all are kept, and a dead follower keeps the whole
        // log alive.
        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(to, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(to, config.snapshotEntries());
        RaftServerConfigKeys.Snapshot.setRetentionFileNum(to, 2);
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(to, true);
        RaftServerConfigKeys.Log.setPurgeGap(to, 1);

        // A command sent twice is applied once as long as this remembers it, so it outlives the
        // last attempt.
        RaftServerConfigKeys.RetryCache.setExpiryTime(
                to, time(config.submitTimeout().multipliedBy(2).plusSeconds(5)));

        // Unbounded otherwise. Not "cached": Ratis' cached pool with a bound has only ever one
        // thread.
        RaftServerConfigKeys.ThreadPool.setProxyCached(to, false);
        RaftServerConfigKeys.ThreadPool.setProxySize(to, 2);
        RaftServerConfigKeys.ThreadPool.setServerCached(to, false);
        RaftServerConfigKeys.ThreadPool.setServerSize(to, 4);
        RaftServerConfigKeys.ThreadPool.setClientCached(to, false);
        RaftServerConfigKeys.ThreadPool.setClientSize(to, 4);
        GrpcConfigKeys.Server.setAsyncRequestThreadPoolCached(to, false);
        GrpcConfigKeys.Server.setAsyncRequestThreadPoolSize(to, 4);
        return to;
    }

    private static Duration least(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private static TimeDuration time(Duration duration) {
        return TimeDuration.valueOf(duration.toMillis(), TimeUnit.MILLISECONDS);
    }
}
