import com.sun.net.httpserver.HttpServer;
import java.io.BufferedOutputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/**
 * The table of each user's newest event, and an audit of all, as Kafka Streams' DSL has them.
 * Argument: a file of its properties, with `events.topic`, `audit.topic` and `queries.port` beside those of Streams.
 * GET / on that port answers with all of the table by interactive queries: a line `user TAB µs since 1970` each.
 */
public final class NewestWins {
  private static final String STORE = "newest";
  /** Confluent's frame of 5 bytes and the event's id of 16, then the user's length. */
  private static final int USER_LENGTH_AT = 21;

  public static void main(String[] arguments) throws IOException {
    Properties properties = new Properties();
    try (FileInputStream file = new FileInputStream(arguments[0])) {
      properties.load(file);
    }
    StreamsBuilder builder = new StreamsBuilder();
    KStream<Bytes, byte[]> events =
        builder.stream(
            properties.getProperty("events.topic"), Consumed.with(Serdes.Bytes(), Serdes.ByteArray()));
    events
        .groupByKey(Grouped.with(Serdes.Bytes(), Serdes.ByteArray()))
        .reduce(
            (known, event) -> timeOf(event) > timeOf(known) ? event : known,
            Materialized.<Bytes, byte[], KeyValueStore<Bytes, byte[]>>as(STORE)
                .withKeySerde(Serdes.Bytes())
                .withValueSerde(Serdes.ByteArray()));
    events.to(properties.getProperty("audit.topic"), Produced.with(Serdes.Bytes(), Serdes.ByteArray()));

    KafkaStreams streams = new KafkaStreams(builder.build(properties), properties);
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    serve(streams, Integer.parseInt(properties.getProperty("queries.port")));
    streams.start();
  }

  private static void serve(KafkaStreams streams, int port) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.createContext(
        "/",
        exchange -> {
          ReadOnlyKeyValueStore<Bytes, byte[]> table =
              streams.store(
                  StoreQueryParameters.fromNameAndType(STORE, QueryableStoreTypes.keyValueStore()));
          exchange.sendResponseHeaders(200, 0);
          try (OutputStream out = new BufferedOutputStream(exchange.getResponseBody(), 1 << 16);
              KeyValueIterator<Bytes, byte[]> all = table.all()) {
            while (all.hasNext()) {
              KeyValue<Bytes, byte[]> entry = all.next();
              String user = new String(entry.key.get(), StandardCharsets.UTF_8);
              out.write((user + "\t" + timeOf(entry.value) + "\n").getBytes(StandardCharsets.UTF_8));
            }
          }
        });
    server.start();
  }

  /** An event's time stamp alone, µs since 1970: the Avro long behind the user. */
  private static long timeOf(byte[] event) {
    ByteBuffer bytes = ByteBuffer.wrap(event);
    bytes.position(USER_LENGTH_AT);
    int userLength = (int) readLong(bytes);
    bytes.position(bytes.position() + userLength);
    return readLong(bytes);
  }

  private static long readLong(ByteBuffer bytes) {
    long zigzag = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = bytes.get();
      zigzag |= (long) (next & 0x7f) << shift;
      if (next >= 0) return (zigzag >>> 1) ^ -(zigzag & 1);
    }
  }
}
