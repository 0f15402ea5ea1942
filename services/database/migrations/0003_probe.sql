CREATE TABLE "imclr"."probe" (
	"owner" text PRIMARY KEY NOT NULL,
	"multiply_adds_per_second" double precision NOT NULL,
	"device" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL
);
