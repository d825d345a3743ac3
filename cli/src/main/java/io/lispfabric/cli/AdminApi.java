package io.lispfabric.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.lispfabric.wire.app.Settings;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Questions to a program's admin API. gRPC is met in this class and in those that ask. */
final class AdminApi {
    static final int PORT = 24443;

    /** A Map-Server or an agent has more to say than gRPC lets through unasked. */
    private static final int MAX_ANSWER = 64 << 20;

    private AdminApi() {}

    /** A question on an open channel; what gRPC has against it is thrown as it is. */
    interface Question<R> {
        R ask(Channel channel);
    }

    /**
     * The endpoints as addresses.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    static List<InetSocketAddress> addresses(List<String> endpoints) {
        return endpoints.stream().map(it -> Settings.socketAddress(it.strip(), PORT)).toList();
    }

    /** The answer of the first endpoint that gives one. */
    static <R> R ask(List<InetSocketAddress> endpoints, Duration timeout, Question<R> question)
            throws CommandFailure {
        var silent = new ArrayList<String>();
        boolean reached = false;
        for (var endpoint : endpoints) {
            try {
                return askOne(endpoint, timeout, question);
            } catch (StatusRuntimeException e) {
                if (!isUnreachable(e)) {
                    throw failure(endpoint, e);
                }
                silent.add(Sockets.text(endpoint) + " (" + reason(e) + ")");
                reached |= excuse(e).isPresent();
            }
        }
        throw new CommandFailure(
                ExitCode.UNREACHABLE,
                "no answer from "
                        + String.join(", ", silent)
                        + (reached
                                ? ""
                                : ". Check that it runs and that its admin API listens there;"
                                        + " --endpoints names others"));
    }

    /**
     * The answer of one endpoint.
     *
     * @throws StatusRuntimeException when there is none
     */
    static <R> R askOne(InetSocketAddress endpoint, Duration timeout, Question<R> question) {
        var channel =
                NettyChannelBuilder.forAddress(endpoint)
                        .usePlaintext()
                        .maxInboundMessageSize(MAX_ANSWER)
                        .intercept(new Deadline(timeout))
                        .build();
        try {
            return question.ask(channel);
        } finally {
            channel.shutdownNow();
        }
    }

    static boolean isUnreachable(StatusRuntimeException e) {
        return e.getStatus().getCode() == Status.Code.UNAVAILABLE
                || e.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED;
    }

    /** What a server has said that cannot answer; nothing when gRPC has reached none. */
    private static Optional<String> excuse(StatusRuntimeException e) {
        var status = e.getStatus();
        return status.getCode() == Status.Code.UNAVAILABLE && status.getCause() == null
                ? Optional.ofNullable(status.getDescription())
                : Optional.empty();
    }

    /** Why nobody answered, in a few words. */
    static String reason(StatusRuntimeException e) {
        return switch (e.getStatus().getCode()) {
            case DEADLINE_EXCEEDED -> "timed out";
            case UNAVAILABLE ->
                    e.getCause() instanceof java.net.ConnectException
                            ? "connection refused"
                            : excuse(e).orElse("unavailable");
            default -> e.getStatus().getCode().toString();
        };
    }

    static CommandFailure failure(InetSocketAddress endpoint, StatusRuntimeException e) {
        var said = String.valueOf(e.getStatus().getDescription());
        var who = Sockets.text(endpoint);
        return switch (e.getStatus().getCode()) {
            case UNIMPLEMENTED ->
                    new CommandFailure(
                            ExitCode.FAILURE,
                            who
                                    + " does not answer this: a Map-Server knows mappings, subscriptions"
                                    + " and members, an xTR its map-cache",
                            e);
            case NOT_FOUND -> new CommandFailure(ExitCode.NEGATIVE, who + ": " + said, e);
            case PERMISSION_DENIED, UNAUTHENTICATED ->
                    new CommandFailure(ExitCode.DENIED, who + ": " + said, e);
            case ALREADY_EXISTS, ABORTED, FAILED_PRECONDITION ->
                    new CommandFailure(ExitCode.CONFLICT, who + ": " + said, e);
            default ->
                    new CommandFailure(
                            ExitCode.FAILURE,
                            who + ": " + e.getStatus().getCode() + ": " + said,
                            e);
        };
    }

    /** A message as proto3 JSON, every field of it. */
    static Json json(MessageOrBuilder message) {
        try {
            return new Json.Raw(
                    JsonFormat.printer().alwaysPrintFieldsWithNoPresence().print(message));
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("our messages have no Any in them", e);
        }
    }

    /** Nobody waits longer than the user wants to. */
    private record Deadline(Duration timeout) implements ClientInterceptor {
        @Override
        public <Q, A> ClientCall<Q, A> interceptCall(
                MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
            return next.newCall(
                    method, options.withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS));
        }
    }
}
