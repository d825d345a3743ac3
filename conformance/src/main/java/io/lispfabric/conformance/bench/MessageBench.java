package io.lispfabric.conformance.bench;

import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.MapRegister;
import java.nio.ByteBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Map-Registers read and written; what is counted is messages, or the records of long ones. */
@State(Scope.Thread)
public class MessageBench {
    private static final int RECORDS = 100;

    /**
     * {@code plain}: IPv4 in segment 0; {@code tenant}: in another one, with xTR-ID and Site-ID;
     * {@code xtr}: the same, and all records have the same locator.
     */
    @Param({"plain", "tenant", "xtr"})
    public String kind = "plain";

    private MapRegister one = Samples.plain(1);
    private MapRegister hundred = one;
    private ByteBuffer oneEncoded = ByteBuffer.allocate(0);
    private ByteBuffer hundredEncoded = oneEncoded;

    /** Makes the messages. */
    @Setup
    public void encode() {
        one = sample(1);
        hundred = sample(RECORDS);
        oneEncoded = ByteBuffer.wrap(LispCodec.encode(one));
        hundredEncoded = ByteBuffer.wrap(LispCodec.encode(hundred));
    }

    private MapRegister sample(int records) {
        return switch (kind) {
            case "plain" -> Samples.plain(records);
            case "tenant" -> Samples.tenant(records);
            default -> Samples.xtr(records);
        };
    }

    /** One record, one locator. */
    @Benchmark
    public Decoded decode() {
        return LispCodec.decode(oneEncoded);
    }

    /** One record, one locator. */
    @Benchmark
    public byte[] encodeOne() {
        return LispCodec.encode(one);
    }

    /** A hundred records of one locator each. */
    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public Decoded decodeRecords() {
        return LispCodec.decode(hundredEncoded);
    }

    /** One record, one locator, both made into objects. */
    @Benchmark
    public int decodeUse() {
        return used(LispCodec.decode(oneEncoded));
    }

    /** A hundred records of one locator each, all made into objects. */
    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public int decodeUseRecords() {
        return used(LispCodec.decode(hundredEncoded));
    }

    /** Something of each record and each locator. */
    private static int used(Decoded decoded) {
        int sum = 0;
        if (decoded instanceof Decoded.Message(MapRegister register)) {
            for (var record : register.records()) {
                sum += record.eid().prefix().length();
                for (var locator : record.locators()) {
                    sum += locator.weight();
                }
            }
        }
        return sum;
    }

    /** A hundred records of one locator each. */
    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public byte[] encodeRecords() {
        return LispCodec.encode(hundred);
    }
}
